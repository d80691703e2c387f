"""What a checker raises, and how it is called."""

import inspect
from collections.abc import Callable


class InvariantBroken(AssertionError):
    """What is true of all sagas is not true of this one: a defect of the engine, or of what runs it.

    `invariant` is the function's name; the message has the invariant's text and what was found.
    """

    def __init__(self, invariant: Callable[..., None], found: str) -> None:
        self.invariant = invariant.__name__
        self.found = found
        super().__init__(f"{self.invariant}: {found}\n  it must hold: {text_of(invariant)}")


def text_of(invariant: Callable[..., None]) -> str:
    """The invariant in words."""
    return " ".join((inspect.getdoc(invariant) or "").split())


def holds(condition: object, invariant: Callable[..., None], found: Callable[[], str]) -> None:
    """Raises InvariantBroken unless the condition is true; `found` says what is the case instead."""
    if not condition:
        raise InvariantBroken(invariant, found())
