"""How each step stands, told by the history alone: apart from the engine's own state, so that one checks the other."""

from typing import NamedTuple

from sagas.events import EventKind, HistoryEvent
from sagas.instance import OPEN, StepStatus


class Standing(NamedTuple):
    """A step and its undo; how often it was done, and its undo was; whether an operator had a hand in it."""

    status: StepStatus = StepStatus.NONE
    undo: StepStatus = StepStatus.NONE
    done: int = 0
    undone: int = 0
    helped: bool = False

    @property
    def open(self) -> bool:
        """Whether the step was asked for and is not settled."""
        return self.status in OPEN

    @property
    def effective(self) -> bool:
        """Whether it has an effect, or may have one."""
        return self.status in (StepStatus.DONE, StepStatus.IN_DOUBT)


NEVER = Standing()
Standings = dict[str, Standing]
_STATUS = {
    EventKind.STEP_SENT: StepStatus.WAITING,
    EventKind.STEP_DONE: StepStatus.DONE,
    EventKind.STEP_UPGRADED: StepStatus.DONE,
    EventKind.STEP_REJECTED: StepStatus.REJECTED,
    EventKind.STEP_IN_DOUBT: StepStatus.IN_DOUBT,
    EventKind.STEP_SKIPPED: StepStatus.SKIPPED,
}
_UNDO = {
    EventKind.UNDO_SENT: StepStatus.WAITING,
    EventKind.UNDO_DONE: StepStatus.DONE,
    EventKind.UNDO_SKIPPED: StepStatus.SKIPPED,
}


def stand(standings: Standings, event: HistoryEvent) -> None:
    """Changes `standings` by one event."""
    kind, path = event.kind, event.step
    if kind is EventKind.STARTED:
        standings.clear()
    old = standings.get(path, NEVER)
    again = StepStatus.RETRYING if "retry_ms" in event.body else StepStatus.STALLED
    helped = old.helped or "operator" in event.body
    if kind in _STATUS:
        done = old.done + (kind in (EventKind.STEP_DONE, EventKind.STEP_UPGRADED))
        standings[path] = old._replace(status=_STATUS[kind], done=done, helped=helped)
    elif kind is EventKind.STEP_FAILED:
        standings[path] = old._replace(status=again)
    elif kind in _UNDO:
        undone = old.undone + (kind is EventKind.UNDO_DONE)
        standings[path] = old._replace(undo=_UNDO[kind], undone=undone, helped=helped)
    elif kind is EventKind.UNDO_FAILED:
        standings[path] = old._replace(undo=again)
