"""What of a setting may be shown in an error: names always, values unless their name says that they are secret."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

HIDDEN = "***"
_SECRET = re.compile(
    r"password|passwd|secret|token|credential|user\.info|jaas|\.pem$|key\.?(store)?$|apikey", re.IGNORECASE
)
_URL_LOGIN = re.compile(r"(\w[\w+.-]*://)[^/\s@]+@")
LONGEST = 200


def is_secret(name: str) -> bool:
    """Whether a setting of this name holds something that nobody should read."""
    return _SECRET.search(name) is not None


def shown(value: Any, path: Sequence[object] = ()) -> str:
    """A given value for a message: what is secret is hidden, by its own name or by one that it stands in."""
    if any(is_secret(str(part)) for part in path):
        return HIDDEN
    text = repr(hidden(value))
    return text if len(text) <= LONGEST else text[:LONGEST] + "..."


def hidden(value: Any) -> Any:
    """The value, with stars for every secret in it."""
    if isinstance(value, Mapping):
        return {name: HIDDEN if is_secret(str(name)) else hidden(one) for name, one in value.items()}
    if isinstance(value, str):
        return without_login(value)
    if isinstance(value, list | tuple):
        return [hidden(one) for one in value]
    return value


def without_login(text: str) -> str:
    """The text with no user and password in any address in it."""
    return _URL_LOGIN.sub(rf"\1{HIDDEN}@", text)
