"""What was sent to us, as an error's text shows it: short, and never a reason for another error."""

from typing import Any

MOST = 60


def shown(value: Any) -> str:
    """The beginning of the value as Python writes it; never raises for what came out of JSON or Avro.

    JSON that nests just less deep than its reader can follow is too deep for whoever writes it.
    """
    try:
        return repr(value)[:MOST]
    except (RecursionError, ValueError):
        return "what can't be shown: it nests too deep, or is too large"
