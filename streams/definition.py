"""What a lane is, whatever its handler: a processor's lane, a ledger, a saga."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, runtime_checkable

from confluent_kafka import Message

from processors.contract import BatchPolicy, Declaration, DeviceSettings
from processors.runners import runner_for
from schemas.codec import Codec
from schemas.handler import Handler
from schemas.records import RequestRecord
from schemas.registry import Registry
from streams.binding import Binding
from streams.directory import Directory
from streams.entry import Entry
from streams.handlers import ProcessorHandler
from streams.partition import Partition
from streams.settings import DeviceChoice, Settings
from streams.timers.timekeeper import TimerSource


class LaneHandler(Handler, Protocol):
    """A handler with a life: what it needs is started before the lane, and stopped after it."""

    @property
    def ready(self) -> bool:
        """Whether it can answer."""

    async def start(self) -> None:
        """Starts what it needs; may take long. Raises what keeps it from starting; it is tried again."""

    async def stop(self) -> None:
        """Ends it; safe to call twice."""


@runtime_checkable
class Writing(Protocol):
    """A handler whose emissions go to topics that the lane does not know."""

    def connect(self, directory: Directory, registry: Registry) -> None:
        """Learns its topics, before the first batch of each run and after each abort.

        By another thread than `handle`, while nothing is dispatched. Blocks; raises what keeps it from writing.
        """


@runtime_checkable
class Hosted(Protocol):
    """A handler whose work is done by a process of its own."""

    @property
    def restarts(self) -> int:
        """How often that process had to be started again."""

    @property
    def found_at(self) -> float | None:
        """While it looks for records that hang or kill: when it last answered one (monotonic); else None."""


class Reception(Protocol):
    """What becomes of a record that was read."""

    def admit(self, owner: Partition, message: Message, now_ms: int) -> Entry:
        """The entry for one message. Raises SchemaPending while its schema is not known to be there or not."""

    def bury_unread(self, owner: Partition, reason: str) -> Entry:
        """The entry of a record that the client library could not take apart: a dead letter without its bytes."""


MakeReception: TypeAlias = Callable[[Binding, Codec, Registry], Reception]


@dataclass(frozen=True, slots=True)
class LaneDefinition:
    """A lane's name, records and policy; its schemas are `schemas/avro/<name>/request.avsc` and `result.avsc`.

    `slots` are the micro-batches in flight on the handler; a stateful handler has one. `cost` weighs a record for the
    batch policy. `make_handler` is called once, when the worker is built. A lane that does not remember answers repeats
    like any request: its handler knows them by itself. `several`: its topics carry records of several types, so its
    subjects are `<topic>-<record>`; then `reception` tells them apart. `timers` says where its handler keeps them.
    """

    name: str
    request: type[RequestRecord]
    make_handler: Callable[[], LaneHandler]
    batch: BatchPolicy = field(default_factory=BatchPolicy)
    slots: int = 1
    cost: Callable[[Mapping[str, Any]], int] | None = None
    model: str = ""
    model_version: str = ""
    remembers: bool = True
    several: bool = False
    reception: MakeReception | None = None
    timers: TimerSource | None = None


def processor_lane(settings: Settings, declaration: Declaration) -> LaneDefinition:
    """The lane of a processor, on the devices that the settings name."""
    lane = settings.lane(declaration.name)

    def make_handler() -> LaneHandler:
        devices = [device_settings(choice) for choice in lane.devices]
        return ProcessorHandler(
            runner_for(declaration, devices, timeout_seconds=lane.timeout_seconds, slots=lane.slots)
        )

    return LaneDefinition(
        name=declaration.name,
        request=declaration.request,
        make_handler=make_handler,
        batch=declaration.batch,
        slots=lane.slots or declaration.slots,
        cost=declaration.cost,
        model=declaration.model,
        model_version=declaration.model_version,
    )


def device_settings(choice: DeviceChoice) -> DeviceSettings:
    """A setting as the processors take it."""
    return DeviceSettings(
        choice.device, choice.dtype, choice.threads, choice.compile, choice.options, quantize=choice.quantize
    )
