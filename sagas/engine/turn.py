"""A transition in the making: the state as the events so far have left it, and what else will come of it."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from sagas.apply import apply
from sagas.compiled import Compiled
from sagas.effects import Answered, Send
from sagas.events import NOTHING, EventKind, HistoryEvent
from sagas.instance import Direction, Instance
from sagas.limits import Limits, shortened
from sagas.records import SagaRecord


class SagaFault(Exception):
    """A saga's own code failed, or what came of it can't travel; the saga is parked with this reason."""

    def __init__(self, step: str, reason: str) -> None:
        super().__init__(reason)
        self.step = step
        self.reason = shortened(reason)


class Turn:
    """The saga is changed only by `record`; the rest gathers what the events do not say.

    `why` is why the saga fails.
    """

    __slots__ = (
        "_data", "_read", "answer", "compiled", "events", "instance", "limits", "now_ms", "orphan", "sends", "why",
    )  # fmt: skip

    def __init__(self, instance: Instance, compiled: Compiled, now_ms: int, limits: Limits) -> None:
        self.instance = instance
        self.compiled = compiled
        self.now_ms = now_ms
        self.limits = limits
        self.events: list[HistoryEvent] = []
        self.sends: list[Send] = []
        self.answer: Answered | None = None
        self.orphan: str | None = None
        self.why = ""
        self._data: SagaRecord | None = None
        self._read: SagaRecord | None = None

    def again(self, before: Instance) -> "Turn":
        """Another turn from the state before this one."""
        return Turn(before.copy(), self.compiled, self.now_ms, self.limits)

    @property
    def forward(self) -> bool:
        """Whether the saga, running or parked, still wants to complete."""
        return self.instance.direction is Direction.FORWARD

    def record(
        self,
        kind: EventKind,
        step: str = "",
        attempt: int = 0,
        *,
        body: Mapping[str, Any] = NOTHING,
        data: bytes | None = None,
        result: bytes | None = None,
        reason: str = "",
        actor: str = "",
    ) -> None:
        """Appends an event and applies it."""
        instance = self.instance
        event = HistoryEvent(
            instance.saga_id, instance.run, instance.seq + 1, self.now_ms, instance.saga, instance.version,
            instance.hash, kind, step, attempt, actor, reason, body, data, result,
        )  # fmt: skip
        self.events.append(event)
        apply(instance, event)
        if data is not None:
            self._data = self._read

    def data(self, step: str) -> SagaRecord:
        """The saga's data; raises SagaFault, blaming `step`, where it can't be read any more."""
        if self._data is None:
            reader = self.compiled.data.__pydantic_validator__.validate_json
            self._data = call(step, "reading the saga's data", reader, self.instance.data)
        assert self._data is not None
        return self._data

    def changed(self, step: str, label: str, data: Any) -> bytes:
        """JSON of what a function made of the data, to be recorded; raises SagaFault for what can't be read back."""
        kind = self.compiled.data
        if data.__class__ is not kind and not isinstance(data, kind):
            raise SagaFault(step, f"{label} returned {type(data).__name__} instead of {kind.__name__}: return the data")
        try:
            written = kind.__pydantic_serializer__.to_json(data)
            self._read = kind.__pydantic_validator__.validate_json(written)
        except Exception as error:  # pydantic raises more than its own for what an author puts into the data
            raise SagaFault(step, f"what {label} returned can't be kept: {_told(error)}") from error
        return written

    def refuse(self, code: StrEnum, message: str) -> None:
        """Answers the command at hand with a refusal."""
        self.answer = Answered(False, message, code)

    def accept(self, message: str) -> None:
        """Answers the command at hand."""
        self.answer = Answered(True, message)


def call(step: str, label: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """What a function of the saga's author returns; raises SagaFault for whatever it raises."""
    try:
        return function(*arguments)
    except Exception as error:  # whatever an author's code can raise must stop that saga, and nothing else
        raise SagaFault(step, f"{label} raised {_told(error)}") from error


def _told(error: Exception) -> str:
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # an author's exception may fail to say what it is
        return type(error).__name__
