"""A saga under test: its participants are the test's words, its clock stands still unless it is told to pass.

    harness = SagaHarness(saga)
    harness.start(StartOrder(order_id="o-1")).expect("reserve").reply(amount=3)
    harness.expect("charge").reject("CARD_DECLINED").expect_undo("reserve").reply().expect_compensated()

Every transition is held against all invariants of `sagas.invariants`, on the way.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel

from sagas import values
from sagas.catalogue import Catalogue
from sagas.compile import compile_saga
from sagas.compiled import Compiled
from sagas.definition import Saga
from sagas.durations import days, hours, minutes, seconds
from sagas.effects import Answered, Send
from sagas.engine.turn import SagaFault, call
from sagas.events import HistoryEvent
from sagas.inputs import Command, CommandKind, Input, Reply
from sagas.instance import Direction, Instance, Status
from sagas.invariants import Run
from sagas.limits import DEFAULT, Limits
from sagas.testing import participant_side as answers
from sagas.testing.errors import Misused, Unexpected
from sagas.testing.expecting import Expecting
from sagas.testing.faults import Crash, Fault
from sagas.testing.history_file import write_history
from sagas.testing.lane_side import LaneSide

Message = BaseModel | Mapping[str, Any] | bytes


class SagaHarness(Expecting):
    """One saga of a definition. `others` are other versions that the worker has; each method gives the harness back."""

    def __init__(
        self, saga: Saga[Any, Any] | Compiled, *others: Saga[Any, Any] | Compiled, limits: Limits = DEFAULT
    ) -> None:
        compiled = [one if isinstance(one, Compiled) else compile_saga(one) for one in (saga, *others)]
        self.compiled = compiled[0]
        self._catalogue = Catalogue(compiled)
        self._limits = limits
        self._lane: LaneSide | None = None
        self._chosen: list[Send] = []
        self._faults: dict[tuple[str, Direction], list[Fault]] = {}
        self._withheld: list[Reply] = []
        self._crash: Crash | None = None

    @property
    def saga(self) -> Instance | None:
        """The saga's state; None before its start, and once it is forgotten."""
        return None if self._lane is None else self._lane.saga

    @property
    def data(self) -> Any:
        """The saga's data."""
        assert self.saga is not None
        return self.compiled.data.model_validate_json(self.saga.data)

    @property
    def run(self) -> Run:
        """The whole life so far."""
        return self._begun.recorder.run

    @property
    def history(self) -> list[HistoryEvent]:
        """The events so far."""
        return self.run.history

    @property
    def now_ms(self) -> int:
        """What the clock shows."""
        return self._begun.now_ms

    @property
    def outstanding(self) -> list[Send]:
        """The commands that wait for their answers."""
        return [] if self._lane is None else answers.outstanding(self._lane.sends, self.saga)

    def start(self, message: Message, **command: Any) -> Self:
        """Starts the saga. Raises Unexpected when that is refused."""
        payload = _payload(message)
        if self._lane is None:
            self._lane = LaneSide(self._catalogue, self._saga_id(payload), self._limits)
        return self.command(CommandKind.START, saga=self.compiled.name, payload=payload, **command)

    def command(self, kind: CommandKind, **fields: Any) -> Self:
        """Any command; raises Unexpected when it is refused. See `refused`."""
        answer = self._put(Command(kind, **{"actor": "a test", **fields}))
        if answer is None or not answer.ok:
            raise Unexpected(f"{kind} was refused: {'' if answer is None else answer.message}")
        return self

    def refused(self, kind: CommandKind, **fields: Any) -> str:
        """Why a command is refused; raises Unexpected when it is not."""
        answer = self._put(Command(kind, **{"actor": "a test", **fields}))
        if answer is None or answer.ok:
            raise Unexpected(f"{kind} was accepted; {self.told()}")
        return answer.message

    def reply(self, output: Mapping[str, Any] | BaseModel | None = None, *, step: str = "", **fields: Any) -> Self:
        """Answers the expected command: it is done. The fields are those of the lane's result; others are null."""
        send = self._subject(step)
        given: Mapping[str, Any] | BaseModel = fields if output is None else output
        return self._answer(send, answers.done(self.compiled, send, given))

    def reject(self, code: str, message: str = "", *, step: str = "") -> Self:
        """Answers the expected command: nothing was done, and never will be."""
        send = self._subject(step)
        return self._answer(send, answers.rejected(self.compiled, send, code, message))

    def fail(
        self, code: str = "PROCESSOR_FAILED", message: str = "", *, retriable: bool = False, step: str = ""
    ) -> Self:
        """Answers the expected command: it failed, and nobody knows whether it was done."""
        send = self._subject(step)
        return self._answer(send, answers.failed(self.compiled, send, code, message, retriable))

    def advance(
        self, ms: int = 0, *, seconds: float = 0, minutes: float = 0, hours: float = 0, days: float = 0
    ) -> Self:
        """Lets time pass; what is due on the way happens. Answers that were late come at its end."""
        self._begun.advance(ms + _span(seconds, minutes, hours, days))
        late, self._withheld = self._withheld, []
        for reply in late:
            self._put(reply)
        return self

    def signal(self, name: str, message: Message = b"{}", **command: Any) -> Self:
        """A message from outside."""
        return self.command(CommandKind.SIGNAL, step=name, payload=_payload(message), **command)

    def cancel(self, reason: str = "", actor: str = "a test") -> Self:
        """Asks the saga to turn back."""
        return self.command(CommandKind.CANCEL, reason=reason, actor=actor)

    def resume(self, actor: str = "a test", reason: str = "") -> Self:
        """An operator lets a parked saga go on."""
        return self.command(CommandKind.RESUME, actor=actor, reason=reason)

    def inject(self, step: str, fault: Fault | str) -> Self:
        """Something goes wrong with the next answer of a step, or of its undo. Raises Misused."""
        if step not in self.compiled.steps and step.partition("[")[0] not in self.compiled.steps:
            raise Misused(f"there is no step {step!r}: there are {', '.join(self.compiled.steps)}")
        try:
            wanted = Fault(fault)
        except ValueError as error:
            raise Misused(f"there is no fault {fault!r}: there are {', '.join(Fault)}") from error
        direction = Direction.BACKWARD if wanted is Fault.UNDO_ERROR else Direction.FORWARD
        self._faults.setdefault((step, direction), []).append(wanted)
        return self

    def crash(self, at: Crash | str = Crash.BEFORE_COMMIT) -> Self:
        """The orchestrator dies on the next input, and starts anew."""
        self._crash = Crash(at)
        return self

    def put(self, given: Input) -> Self:
        """Any input, as the engine takes it."""
        self._put(given)
        return self

    def save(self, path: Path) -> Self:
        """Keeps the history as a file, to be replayed."""
        write_history(path, self.history)
        return self

    @property
    def _begun(self) -> LaneSide:
        if self._lane is None:
            raise Misused("nothing was started: call start() first")
        return self._lane

    def _put(self, given: Input) -> Answered | None:
        lane = self._begun
        lane.crash, self._crash = self._crash, None
        return lane.put(given)

    def _answer(self, send: Send, reply: Reply) -> Self:
        self._chosen = [one for one in self._chosen if one is not send]
        waiting = self._faults.get((send.step, send.direction), [])
        fault = waiting.pop(0) if waiting else None
        if fault in (Fault.ERROR, Fault.UNDO_ERROR):
            reply = answers.failed(self.compiled, send, "PROCESSOR_FAILED", "injected", False)
        if fault is Fault.LATE_REPLY:
            self._withheld.append(reply)
        elif fault is not Fault.DROP_REPLY:
            self._put(reply)
        if fault in (Fault.REPEAT, Fault.DUPLICATE_REPLY):
            self._put(reply)
        return self

    def _subject(self, step: str) -> Send:
        """The command that is answered: the named one, or the only one that is expected or outstanding."""
        waiting = self.outstanding
        chosen = [send for send in self._chosen if send in waiting] or waiting
        found = [send for send in (waiting if step else chosen) if step in ("", send.step)]
        if not found:
            raise Unexpected(f"nothing waits for this answer{f' of {step}' if step else ''}: {self.told()}")
        if len(found) > 1 and not step:
            raise Misused(f"several steps wait: name one with step=, of {', '.join(send.step for send in found)}")
        return found[0]

    def _saga_id(self, payload: bytes) -> str:
        try:
            message = call("", "reading the start message", self.compiled.start.model_validate_json, payload)
            return str(call("", "saga_id()", self.compiled.saga_id, message))
        except SagaFault:
            return "a saga"


def _payload(message: Message) -> bytes:
    if isinstance(message, bytes):
        return message
    return message.model_dump_json().encode() if isinstance(message, BaseModel) else values.dumps(dict(message))


def _span(in_seconds: float, in_minutes: float, in_hours: float, in_days: float) -> int:
    return seconds(in_seconds) + minutes(in_minutes) + hours(in_hours) + days(in_days)


__all__ = ["Crash", "Fault", "Misused", "SagaHarness", "Status", "Unexpected"]
