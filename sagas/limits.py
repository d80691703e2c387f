"""How large a saga's records may be. They are refused before they could enter a transaction, which would abort."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """In bytes of Avro: the state, one record of the history, one command."""

    state: int = 900_000
    history: int = 900_000
    command: int = 900_000


DEFAULT = Limits()
REASON = 300


def shortened(text: str) -> str:
    """A text that fits into a reason, which a parked saga must always be able to keep and to write."""
    text = text.encode("utf-8", "replace").decode()
    return text if len(text) <= REASON else text[: REASON - 1] + "…"
