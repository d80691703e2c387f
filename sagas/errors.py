"""Errors of those who write sagas; what goes wrong with a running saga is a state of it, never an exception."""

from schemas.errors import Misconfigured


class DefinitionError(Misconfigured):
    """A definition that could not run as it is meant; it names the saga, the step (or ""), the fault and the cure."""

    def __init__(self, saga: str, step: str, fault: str, cure: str) -> None:
        place = f"saga {saga!r}, step {step!r}" if step else f"saga {saga!r}"
        super().__init__(f"{place}: {fault}; {cure}")
        self.saga = saga
        self.step = step
        self.fault = fault
        self.cure = cure


class HistoryError(Misconfigured):
    """History records that can't be folded: a gap, another saga's, or an event that nobody knows."""
