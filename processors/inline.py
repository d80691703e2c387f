"""A runner without a process of its own, for processors that can neither hang nor crash."""

from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Any

from processors.contract import Bucket, Declaration, DeviceSettings, Inference, Processor
from processors.errors import ProcessorUnavailable, RunnerStopped
from processors.loading import load_processor
from processors.wire import Part, RecordsWire
from schemas.outcome import Code, Failed, Outcome


class Inline:
    """Runs a processor's stages in the caller's thread; a record on which it raises is found by halving."""

    def __init__(self, declaration: Declaration, device: DeviceSettings | None = None) -> None:
        self._declaration = declaration
        self._device = device or DeviceSettings()
        self._processor: Processor | None = None
        self.restarts = 0
        self.found_at: float | None = None
        self.slots = declaration.slots

    @property
    def ready(self) -> bool:
        """The processor is loaded."""
        return self._processor is not None

    async def start(self) -> None:
        """Load and warm. Raises ProcessorUnavailable."""
        processor = load_processor(self._declaration.implementation)(self._device)
        try:
            processor.load()
            processor.warm()
        except Exception as error:
            raise ProcessorUnavailable(f"{self._declaration.name} could not be loaded: {error}") from error
        self._processor = processor

    async def infer(self, records: Sequence[Mapping[str, Any]]) -> Inference:
        """Answer each record, in order."""
        if self._processor is None:
            raise RunnerStopped(f"{self._declaration.name} is not running; await start() first")
        attempts = [0] * len(records)
        begin = perf_counter()
        outcomes = self._halve(self._processor, records, attempts, 0) if records else []
        return Inference(outcomes, perf_counter() - begin, attempts)

    async def stop(self) -> None:
        """Unload."""
        if self._processor is not None:
            self._processor.unload()
            self._processor = None

    def describe(self) -> dict[str, Any]:
        """State, for people."""
        return {"kind": "inline", "ready": self.ready, "restarts": 0, "devices": []}

    def _halve(
        self, processor: Processor, records: Sequence[Mapping[str, Any]], attempts: list[int], low: int
    ) -> list[Outcome]:
        for row in range(low, low + len(records)):
            attempts[row] += 1
        try:
            return self._run(processor, records)
        except Exception as error:
            if len(records) == 1:
                return [_failed(error)]
            middle = len(records) // 2
            head = self._halve(processor, records[:middle], attempts, low)
            return head + self._halve(processor, records[middle:], attempts, low + middle)

    def _run(self, processor: Processor, records: Sequence[Mapping[str, Any]]) -> list[Outcome]:
        wire = self._declaration.wire
        count = len(records)
        if wire is not RecordsWire:
            buckets = processor.prepare(wire.unpack(wire.pack(records)))
            return wire.unpack_outcomes(wire.pack_outcomes(_finished(processor, buckets), count), count)
        parts = _finished(processor, processor.prepare(records))
        rows, outcomes = parts[0] if len(parts) == 1 else ((), [])
        if rows == range(count) and len(outcomes) == count:
            return list(outcomes)
        return RecordsWire.unpack_outcomes(RecordsWire.pack_outcomes(parts, count), count)


def _finished(processor: Processor, buckets: Sequence[Bucket]) -> list[Part]:
    return [(bucket.rows, processor.finish(bucket, processor.compute(bucket))) for bucket in buckets]


def _failed(error: Exception) -> Failed:
    if isinstance(error, MemoryError):
        return Failed(Code.OUT_OF_MEMORY, "the record does not fit in memory, even alone")
    return Failed(Code.PROCESSOR_FAILED, str(error) or repr(error), details={"exception": type(error).__name__})
