"""The status that a server answers with."""

import ssl
import urllib.error
import urllib.request
from base64 import b64encode


def status_of(
    url: str, trusted: ssl.SSLContext | None, named: str = "", method: str = "GET", body: bytes | None = None
) -> int:
    """The status of an HTTP request."""
    headers = {"Content-Type": "application/json"}
    if named:
        headers["Authorization"] = f"Basic {b64encode(named.encode()).decode()}"
    request = urllib.request.Request(url, body, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=5, context=trusted) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
