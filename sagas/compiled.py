"""A definition that was checked: what the engine runs, and the form of it that is published."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from sagas.flow import ForEach, Node, Seq, WaitSignal
from sagas.policy import Deadline, Effect, Kind, OnDuplicate, Retry, Timeout
from sagas.records import ReplyRecord, SagaRecord
from schemas.encoder import Encode


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """A step's command, or its compensation's, ready to be made; `label` and `writing` are for what goes wrong."""

    label: str
    writing: str
    lane: str
    topic: str
    type_name: str
    reply_type: str
    encode: Encode
    function: Callable[..., Any]
    key: Callable[..., str] | None
    reply: type[ReplyRecord] | None
    rejects: frozenset[str]
    retry: Retry
    timeout: Timeout


@dataclass(frozen=True, slots=True, eq=False)
class StepSpec:
    """A step. `loop` is the loop that it is the body of, `item` its items' type.

    `keeps_result` says whether its reply is needed later; `replying` names it where something goes wrong.
    """

    name: str
    kind: Kind
    effect: Effect
    no_undo: str | None
    request: Request
    undo: Request | None
    replied: Callable[..., Any] | None
    replying: str
    loop: ForEach | None
    item: TypeAdapter[Any] | None
    keeps_result: bool


@dataclass(frozen=True, slots=True, eq=False)
class Compiled:
    """A definition, frozen. `hash` covers its form and the code of its functions."""

    name: str
    version: int
    hash: str
    start: type[SagaRecord]
    data: type[SagaRecord]
    saga_id: Callable[..., str]
    initial: Callable[..., SagaRecord]
    deadline: Deadline | None
    on_duplicate_start: OnDuplicate
    retain_ms: int | None
    steps: Mapping[str, StepSpec]
    signals: Mapping[str, WaitSignal]
    flow: Node
    published: Mapping[str, Any]

    def form(self) -> dict[str, Any]:
        """The definition as JSON values: everything but the functions themselves, which are there by their hashes."""
        return dict(self.published)


def _nobody(*arguments: object) -> Any:
    raise LookupError("this stands for a definition that is not here: it has no functions")


NOTHING = Compiled(
    name="",
    version=0,
    hash="",
    start=SagaRecord,
    data=SagaRecord,
    saga_id=_nobody,
    initial=_nobody,
    deadline=None,
    on_duplicate_start=OnDuplicate.RETURN_EXISTING,
    retain_ms=None,
    steps={},
    signals={},
    flow=Seq(()),
    published={},
)
"""In place of a definition whose code this worker lacks: nothing can be asked of it."""
