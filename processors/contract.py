"""What a processor is: its declaration, the stages it runs in, and how its batches cross to another process.

A processor lives in a folder `processors/<name>/`. `declaration.py` says what it is, and is cheap to import: the worker
reads it and never loads torch. The class that it names runs in a host process of its own, beside its device.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from processors.wire import Part, RecordsWire, Wire
from schemas.outcome import Outcome
from schemas.records import RequestRecord

MEBIBYTE = 1_048_576


@dataclass(frozen=True, slots=True)
class BatchPolicy:
    """When a micro-batch closes: on whichever of these bounds it meets first.

    `size` counts records, `wait_ms` is the age of the oldest record, `cost` is in the units of the declaration's
    `cost` function (tokens, pixels), `bytes` counts encoded requests.
    """

    size: int = 64
    wait_ms: float = 3.0
    cost: int | None = None
    bytes: int = 8 * MEBIBYTE


@dataclass(frozen=True, slots=True)
class DeviceSettings:
    """Where and how a processor runs.

    `device` is `auto` (CUDA when there is one), `cpu`, `cuda` or `cuda:<n>`; `threads` are torch's on the CPU (default:
    all cores); `options` are the processor's own; `quantize` is `none`, or `int8` for linear layers of eight bits,
    which some processors have on the CPU.
    """

    device: str = "auto"
    dtype: str = "float32"
    threads: int | None = None
    compile: bool = False
    options: Mapping[str, str] = field(default_factory=dict)
    quantize: str = "none"


@dataclass(frozen=True, slots=True)
class Declaration:
    """A processor as the worker knows it, without its weights and without torch.

    `implementation` is "module:Class" of a Processor. An `inline` one runs in the worker itself: for light work that
    can neither hang nor crash. `slots` are the micro-batches in flight, `timeout_seconds` is the longest that a run of
    one may take, `cost` weighs a record for the batch policy.
    """

    name: str
    implementation: str
    request: type[RequestRecord]
    model: str
    model_version: str
    batch: BatchPolicy = BatchPolicy()
    inline: bool = False
    cost: Callable[[Mapping[str, Any]], int] | None = None
    slots: int = 2
    timeout_seconds: float = 30.0
    wire: type[Wire] = RecordsWire


@dataclass(slots=True)
class Bucket:
    """Records that go through the device together: their places in the batch, and what `compute` takes."""

    rows: Sequence[int]
    inputs: Any


class Processor(ABC):
    """The stages of a model on a device, called in its host process, each from a thread of its own.

    While one batch computes, the next is prepared and the last is finished, so the stages of different batches
    overlap, and a stage must not write to what another reads. Any stage may block, and any may raise: the batch is then
    tried again in halves, and the record that fails alone is answered FAILED. Out of memory (torch's error,
    MemoryError) halves the batch without a fault.
    """

    def __init__(self, device: DeviceSettings) -> None:
        self.device_settings = device

    def load(self) -> None:  # noqa: B027  a processor without weights leaves it out
        """Read and verify the weights, and bring them to the device. Raises if they are not what was pinned."""

    def warm(self) -> None:  # noqa: B027  as above
        """Run once over typical inputs, so that the first request is as fast as the others."""

    @abstractmethod
    def prepare(self, batch: Any) -> Sequence[Bucket]:
        """Turn a batch, as the wire unpacked it (by default the list of records), into buckets for the device."""

    @abstractmethod
    def compute(self, bucket: Bucket) -> Any:
        """Run one bucket on the device. On CUDA it may return before the device is done."""

    @abstractmethod
    def finish(self, bucket: Bucket, computed: Any) -> Any:
        """Wait for the device and return the outcomes of the bucket's rows, in their order, as the wire packs them.

        With the default wire: a list of Completed or Failed.
        """

    def unload(self) -> None:  # noqa: B027  as above
        """Let go of the device. Called once, at the end."""

    def describe(self) -> dict[str, str]:
        """What runs, for people: device, dtype, and what else is worth a line in the log."""
        return {"device": self.device_settings.device, "dtype": self.device_settings.dtype}


@dataclass(slots=True)
class Inference:
    """What a runner made of a batch: outcomes aligned with its records, and what it took.

    `compute_seconds` is time on the device, `attempts` counts for each record the runs that it was part of.
    """

    outcomes: list[Outcome]
    compute_seconds: float
    attempts: list[int]

    @property
    def runs(self) -> int:
        """The most runs that any record of the batch was part of: 1 when nothing went wrong."""
        return max(self.attempts, default=0)


class Runner(Protocol):
    """The one door to a model. `infer` never raises for a record's sake, and does not block the event loop."""

    @property
    def ready(self) -> bool:
        """The model is loaded and warm, and answers."""

    @property
    def restarts(self) -> int:
        """How often a host process had to be started again."""

    @property
    def found_at(self) -> float | None:
        """While it looks for records that hang or kill: when it last answered one (time.monotonic); else None."""

    @property
    def slots(self) -> int:
        """How many batches it keeps busy with at once."""

    async def start(self) -> None:
        """Load and warm the model. Raises ProcessorUnavailable if that fails."""

    async def infer(self, records: Sequence[Mapping[str, Any]]) -> Inference:
        """Answer each record, in order. Waits while the host restarts; cancelling it drops the batch."""

    async def stop(self) -> None:
        """Finish what is in flight within a short while, then end. May be called twice."""

    def describe(self) -> dict[str, Any]:
        """State and device, for people."""


__all__ = [
    "MEBIBYTE",
    "BatchPolicy",
    "Bucket",
    "Declaration",
    "DeviceSettings",
    "Inference",
    "Part",
    "Processor",
    "RecordsWire",
    "Runner",
    "Wire",
]
