"""Random definitions under random schedules: after every input all invariants hold, and every saga can be ended.

After each input the state is read back from its bytes and from the history, as invariants; `crash` goes on with it.
"""

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from sagas.compiled import Compiled
from sagas.explorer import Small
from sagas.explorer.world import World
from sagas.fold import fold
from sagas.inputs import Command, CommandKind, Reply, ReplyStatus, TimerFired
from sagas.instance import Instance, SignalStatus, Status
from sagas.testing.participants import Answer, Conduct
from sagas.wire.instance import decode_instance
from tests.saga_flows import OUTPUT, START, definitions

PATIENCE = 400
WHICH = st.integers(0, 30)
OPERATIONS = [kind for kind in CommandKind if kind is not CommandKind.START]
PAYLOADS = st.sampled_from([b"{}", b"null", b'{"yes": false}', b'{"payload": {"$bytes": ""}}', b"["])


class Definition:
    """A definition that is told in short."""

    def __init__(self, compiled: Compiled) -> None:
        self.compiled = compiled

    def __repr__(self) -> str:
        steps = {name: (spec.kind, spec.request.retry.max_attempts) for name, spec in self.compiled.steps.items()}
        return f"{self.compiled.form()['flow']} of {steps}"


@st.composite
def told_definitions(draw: st.DrawFn) -> Definition:
    """As `definitions`, told in short."""
    return Definition(draw(definitions()))


class SagaMachine(RuleBasedStateMachine):
    """One saga, its participants, its operators, and bad luck."""

    def __init__(self) -> None:
        super().__init__()
        self.world: World | None = None
        self.given: list[Answer] = []

    @initialize(drawn=told_definitions())
    def begin(self, drawn: Definition) -> None:
        """Starts it."""
        self.world = World(Small(drawn.compiled, START, OUTPUT)).begin()

    @property
    def saga(self) -> Instance | None:
        """The saga, unless it is forgotten."""
        return self.there.recorder.instance

    @property
    def there(self) -> World:
        """The world, which is there."""
        assert self.world is not None
        return self.world

    def waiting(self) -> bool:
        """Whether a command is under way."""
        return self.world is not None and bool(self.world.commands)

    def answered(self) -> bool:
        """Whether there is an answer to be delivered."""
        return bool(self.given)

    def running(self) -> bool:
        """Whether there is a saga."""
        return self.world is not None and self.saga is not None

    @precondition(waiting)
    @rule(which=WHICH, how=WHICH)
    def serve(self, which: int, how: int) -> None:
        """A participant gets a command."""
        place = pick(sorted(self.there.commands), which)
        choices = self.there.participants.choices(self.there.small.compiled, self.there.sends[place])
        self._serve(place, pick(choices, how))

    @precondition(waiting)
    @rule(which=WHICH)
    def serve_and_answer(self, which: int) -> None:
        """A participant does it, and its answer comes at once."""
        place = pick(sorted(self.there.commands), which)
        self._serve(place, Conduct.DOES)
        self._deliver(self.given[-1])

    @precondition(answered)
    @rule(which=WHICH)
    def deliver(self, which: int) -> None:
        """Any answer ever given, the newest first."""
        self._deliver(self.given[-1 - which % len(self.given)])

    @precondition(running)
    @rule(which=WHICH, late_ms=st.sampled_from([0, 0, 1, 5_000]))
    def fire(self, which: int, late_ms: int) -> None:
        """A timer comes due."""
        assert self.saga is not None
        if self.saga.timers:
            name, timer = pick(sorted(self.saga.timers.items()), which)
            self.there.now_ms = max(self.there.now_ms, timer.due_ms + late_ms)
            self.there.put(TimerFired(name, timer.epoch, timer.due_ms))

    @precondition(running)
    @rule()
    def disturb(self) -> None:
        """Late answers, timers of earlier attempts, timers that are not due."""
        self.there.disturb()

    @precondition(running)
    @rule(kind=st.sampled_from(OPERATIONS), which=WHICH, payload=PAYLOADS, actor=st.sampled_from(["ada", "ada", ""]))
    def command(self, kind: CommandKind, which: int, payload: bytes, actor: str) -> None:
        """Anybody asks for anything; the rarest wish is to give up."""
        assert self.saga is not None
        if kind is CommandKind.ABORT and which % 8:
            kind = CommandKind.CANCEL
        names = [*self.saga.steps, *self.there.small.compiled.steps, *self.there.small.compiled.signals]
        self.there.put(Command(kind, step=pick(names, which), payload=payload, actor=actor, reason="why not"))

    @precondition(running)
    @rule(payload=st.sampled_from([START, b"{}", b'{"order": "two"}']))
    def start_again(self, payload: bytes) -> None:
        """The start comes again, or another one."""
        self.there.put(Command(CommandKind.START, "order", payload=payload))

    @precondition(lambda self: self.world is not None)
    @rule(status=st.sampled_from(list(ReplyStatus)))
    def stray(self, status: ReplyStatus) -> None:
        """An answer that is nobody's."""
        self.there.put(Reply("nobody", 1, status, "sluicegate.echo.EchoResult", output=OUTPUT))

    @precondition(running)
    @rule(from_history=st.booleans())
    def crash(self, from_history: bool) -> None:
        """The orchestrator starts anew, with the state that was kept, or with what the history makes."""
        recorder = self.there.recorder
        assert recorder.state is not None
        recorder.instance = fold(recorder.run.history) if from_history else decode_instance(recorder.state)

    def teardown(self) -> None:
        """Participants that answer, people who help, and time: it ends."""
        if self.world is None:
            return
        for _ in range(PATIENCE):
            if self.saga is None or self.saga.ended:
                return
            self._help(self.saga)
        raise AssertionError(f"it does not end: {self.saga}")

    def _help(self, saga: Instance) -> None:
        if saga.status is Status.NEEDS_ATTENTION:
            self.there.put(Command(CommandKind.RESUME, actor="ada", reason="repaired"))
            return
        if self.there.commands:
            self.serve_and_answer(0)
            return
        awaited = [name for name, state in saga.signals.items() if state.status is SignalStatus.AWAITED]
        if awaited and saga.status is Status.RUNNING:
            self.there.put(Command(CommandKind.SIGNAL, step=awaited[0], payload=b"{}"))
        elif saga.timers:
            self.fire(0, 0)

    def _serve(self, place: Any, conduct: Conduct) -> None:
        answer = self.there.participants.perform(self.there.small.compiled, self.there.sends[place], conduct)
        self.there.commands -= {place}
        self.there.replies |= {answer}
        self.given.append(answer)
        self.there.settle()

    def _deliver(self, answer: Answer) -> None:
        self.there.put(answer.reply(dict(OUTPUT)))


def pick(options: Any, which: int) -> Any:
    """One of them."""
    return options[which % len(options)]


SagaMachine.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
TestSagaMachine = SagaMachine.TestCase
