"""Texts that every store can keep."""

from pydantic import AfterValidator


def check_plain(text: str) -> str:
    """The text; raises ValueError for what some databases, or UTF-8, cannot hold."""
    if "\0" in text:
        raise ValueError("a zero character can't be kept; leave it out")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"character {error.start} is half of a surrogate pair, and no text") from None
    return text


PLAIN = AfterValidator(check_plain)
"""For `Annotated[str, PLAIN]`."""
