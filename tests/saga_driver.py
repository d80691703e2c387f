"""Drives one saga through the engine as a lane would, and holds every transition against the rules of the engine."""

from collections.abc import Mapping
from typing import Any, TypeVar

from sagas.catalogue import Catalogue
from sagas.compile import compile_saga
from sagas.compiled import Compiled
from sagas.definition import Saga
from sagas.effects import Answered, AttentionCleared, AttentionRaised, Ended, Orphaned, Record, Send
from sagas.engine import Reaction, react
from sagas.events import EventKind, HistoryEvent
from sagas.fold import fold
from sagas.inputs import Command, CommandKind, Input, Reply, ReplyStatus, TimerFired
from sagas.instance import Instance, Status
from sagas.limits import DEFAULT, Limits
from sagas.wire.history import decode_event
from sagas.wire.instance import decode_instance

EffectT = TypeVar("EffectT")
ECHO = "sluicegate.echo.EchoResult"
START_MS = 1_000_000


class Driver:
    """A saga, its clock, and what it did. Each input's effects are in `effects`, all events in `history`."""

    def __init__(self, *sagas: Saga[Any, Any] | Compiled, saga_id: str = "one", limits: Limits = DEFAULT) -> None:
        self.compiled = [saga if isinstance(saga, Compiled) else compile_saga(saga) for saga in sagas]
        self.catalogue = Catalogue(self.compiled)
        self.saga_id = saga_id
        self.limits = limits
        self.now_ms = START_MS
        self.instance: Instance | None = None
        self.effects: tuple[Any, ...] = ()
        self.history: list[HistoryEvent] = []
        self.sent: list[Send] = []
        self.ended: list[Ended] = []

    @property
    def saga(self) -> Instance:
        """The saga, which is there."""
        assert self.instance is not None
        return self.instance

    @property
    def status(self) -> Status:
        """Where it stands."""
        return self.saga.status

    def put(self, given: Input) -> "Driver":
        """One transition."""
        before = self.instance.copy() if self.instance is not None else None
        reaction = react(self.catalogue, self.instance, self.saga_id, given, self.now_ms, self.limits)
        assert self.instance == before, "react changed what it was given"
        again = react(self.catalogue, self.instance, self.saga_id, given, self.now_ms, self.limits)
        assert (again.effects, again.state) == (reaction.effects, reaction.state), "react is not a function"
        self.instance, self.effects = reaction.instance, reaction.effects
        self.history += [effect.event for effect in self.of(Record)]
        self.sent += self.of(Send)
        self.ended += self.of(Ended)
        self._check(given, reaction)
        return self

    def start(self, payload: bytes = b'{"order": "one"}', **command: Any) -> "Driver":
        """Starts the first saga of the catalogue."""
        return self.command(CommandKind.START, **{"saga": self.compiled[0].name, "payload": payload, **command})

    def command(self, kind: CommandKind, **fields: Any) -> "Driver":
        """A client's or an operator's command."""
        return self.put(Command(kind, **{"actor": "ada", **fields}))

    def reply(
        self,
        step: str,
        status: ReplyStatus | None = None,
        *,
        code: str = "",
        payload: bytes = b"answer",
        attempt: int | None = None,
        type_name: str = ECHO,
        undo: bool = False,
    ) -> "Driver":
        """The answer to the newest command of a step, or of its undo: DONE, or FAILED where there is a code."""
        status = status or (ReplyStatus.FAILED if code else ReplyStatus.DONE)
        send = self.last(step, undo=undo)
        output = {"request_id": send.request_id, "status": "COMPLETED", "payload": payload, "error": None}
        attempt = send.attempt if attempt is None else attempt
        given = Reply(send.request_id, attempt, status, type_name, code, "because" if code else "")
        given.output = output if status is ReplyStatus.DONE else None
        return self.put(given)

    def done(self, *steps: str) -> "Driver":
        """Answers steps, one after the other."""
        for step in steps:
            self.reply(step)
        return self

    def undone(self, *steps: str) -> "Driver":
        """Answers undos, one after the other."""
        for step in steps:
            self.reply(step, undo=True)
        return self

    def fire(self, name: str, late_ms: int = 0) -> "Driver":
        """Lets a timer come due."""
        timer = self.saga.timers[name]
        self.now_ms = max(self.now_ms, timer.due_ms + late_ms)
        return self.put(TimerFired(name, timer.epoch, timer.due_ms))

    def of(self, kind: type[EffectT]) -> list[EffectT]:
        """The last input's effects of a kind."""
        return [effect for effect in self.effects if isinstance(effect, kind)]

    def events(self) -> list[tuple[str, str]]:
        """The last input's events, as kind and step."""
        return [(str(record.event.kind), record.event.step) for record in self.of(Record)]

    def commands(self) -> list[str]:
        """The steps whose commands the last input sent; `-name` is an undo's."""
        return [send.step if send.direction == "forward" else f"-{send.step}" for send in self.of(Send)]

    def answer(self) -> Answered:
        """The answer to the last command."""
        (answered,) = self.of(Answered)
        return answered

    def last(self, step: str, *, undo: bool = False) -> Send:
        """The newest command of a step, or of its undo."""
        direction = "backward" if undo else "forward"
        return [send for send in self.sent if send.step == step and send.direction == direction][-1]

    def statuses(self) -> dict[str, str]:
        """Each step's status, with its undo's after a dash."""
        return {
            path: f"{state.status}-{state.undo}" if state.undo else str(state.status)
            for path, state in self.saga.steps.items()
        }

    def data(self) -> Any:
        """The saga's data."""
        return self.compiled[0].data.model_validate_json(self.saga.data)

    def _check(self, given: Input, reaction: Reaction) -> None:
        assert fold(self.history) == self.instance, "the state is not the fold of the history"
        records = [decode_event(record.body) for record in self.of(Record)]
        assert records == [record.event for record in self.of(Record)]
        if reaction.state is not None:
            assert decode_instance(reaction.state) == self.instance
        else:
            assert not records or records[-1].kind is EventKind.FORGOTTEN
        assert len(self.of(Answered)) == (1 if isinstance(given, Command) else 0)
        assert len(self.of(Orphaned)) <= (1 if isinstance(given, Reply) else 0)
        assert len(self.of(AttentionRaised)) + len(self.of(AttentionCleared)) <= 1
        assert len(self.ended) <= 1 or self.history[-1].kind is EventKind.FORGOTTEN


def fields(data: Any, *more: Any) -> Mapping[str, Any]:
    """The echo lane's command."""
    return {"payload": b"ask"}
