"""The orchestrator of a harness: a virtual clock, timers that fire when it passes them, and crashes."""

from sagas.catalogue import Catalogue
from sagas.effects import Answered, Send
from sagas.inputs import Input, TimerFired
from sagas.instance import Instance
from sagas.invariants import InvariantBroken
from sagas.limits import DEFAULT, Limits
from sagas.testing.faults import Crash
from sagas.testing.recorder import Recorder
from sagas.wire.instance import decode_instance

START_MS = 1_700_000_000_000


class LaneSide:
    """Advances one saga. `now_ms` only ever rises, by `advance`."""

    def __init__(self, catalogue: Catalogue, saga_id: str, limits: Limits = DEFAULT) -> None:
        self.recorder = Recorder(catalogue, saga_id, limits=limits)
        self.now_ms = START_MS
        self.crash: Crash | None = None

    @property
    def saga(self) -> Instance | None:
        """The saga as it stands."""
        return self.recorder.instance

    @property
    def sends(self) -> list[Send]:
        """All commands so far."""
        return [send for transition in self.recorder.run.transitions for send in transition.sends]

    def put(self, given: Input) -> Answered | None:
        """One input, with the crash that was asked for. Raises InvariantBroken."""
        crash, self.crash = self.crash, None
        if crash is Crash.BEFORE_COMMIT:
            lost = self.recorder.fork().put(given, self.now_ms)
            self.restore()
            made = self.recorder.put(given, self.now_ms)
            if (lost.effects, lost.state) != (made.effects, made.state):
                raise InvariantBroken(self.restore, f"{given} led to {lost.effects}, and then to {made.effects}")
        else:
            made = self.recorder.put(given, self.now_ms)
        if crash is Crash.AFTER_COMMIT:
            self.restore()
        return next(iter(made.of(Answered)), None)

    def restore(self) -> None:
        """A crash at any point leads to the same end: the state comes back from what was kept of it."""
        state = self.recorder.state
        kept = None if state is None else decode_instance(state)
        if kept != self.recorder.instance:
            raise InvariantBroken(self.restore, f"{self.recorder.instance} comes back as {kept}")
        self.recorder.instance = kept

    def advance(self, span_ms: int) -> None:
        """Lets time pass; each timer fires at its time, those that others set on the way included."""
        until = self.now_ms + span_ms
        while (due := self._next(until)) is not None:
            name, timer_ms, epoch = due
            self.now_ms = max(self.now_ms, timer_ms)
            self.put(TimerFired(name, epoch, timer_ms))
        self.now_ms = until

    def _next(self, until_ms: int) -> tuple[str, int, int] | None:
        timers = {} if self.saga is None else self.saga.timers
        due = [(timer.due_ms, timer.epoch, name) for name, timer in timers.items() if timer.due_ms <= until_ms]
        if not due:
            return None
        due_ms, epoch, name = min(due)
        return name, due_ms, epoch
