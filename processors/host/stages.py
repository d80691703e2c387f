"""The three stages of a host at once: while a batch computes, the next is prepared and the last is finished."""

import os
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from time import perf_counter
from typing import Any

from processors.contract import Bucket, Processor
from processors.host.messages import Done, End, Run, Spoilt, Trouble
from processors.wire import Wire

_MESSAGE_MOST = 500
_MEMORY_TEXTS = ("out of memory", "can't allocate memory", "cannot allocate memory", "ALLOC_FAILED")
_FATAL_TEXTS = ("CUDA error", "device-side assert", "CUBLAS_STATUS_", "CUDNN_STATUS_")


@dataclass(slots=True)
class _Prepared:
    number: int
    count: int
    buckets: Sequence[Bucket]


@dataclass(slots=True)
class _Computed:
    number: int
    count: int
    begin: float
    parts: list[tuple[Bucket, Any]]


class Stages:
    """Prepares in one thread and finishes in another; the calling thread, which loaded the model, computes."""

    def __init__(
        self, processor: Processor, wire: type[Wire], receive: Callable[[], Any], send: Callable[[Any], None]
    ) -> None:
        self._processor = processor
        self._wire = wire
        self._receive = receive
        self._send = send
        self._prepared: SimpleQueue[_Prepared | None] = SimpleQueue()
        self._computed: SimpleQueue[_Computed | None] = SimpleQueue()

    def serve(self) -> None:
        """Answer every run, until End; then return."""
        threads = [
            threading.Thread(target=_vital, args=[self._prepare_all], name="prepare", daemon=True),
            threading.Thread(target=_vital, args=[self._finish_all], name="finish", daemon=True),
        ]
        for thread in threads:
            thread.start()
        self._compute_all()
        for thread in threads:
            thread.join()

    def _prepare_all(self) -> None:
        while not isinstance(message := self._receive(), End):
            run: Run = message
            try:
                buckets = self._processor.prepare(self._wire.unpack(run.payload))
            except BaseException as error:
                self._spoil(run.number, error)
            else:
                self._prepared.put(_Prepared(run.number, run.count, buckets))
            del message, run
        self._prepared.put(None)

    def _compute_all(self) -> None:
        while (batch := self._prepared.get()) is not None:
            begin = perf_counter()
            try:
                parts = [(bucket, self._processor.compute(bucket)) for bucket in batch.buckets]
            except BaseException as error:
                self._spoil(batch.number, error)
            else:
                self._computed.put(_Computed(batch.number, batch.count, begin, parts))
                del parts
            del batch
        self._computed.put(None)

    def _finish_all(self) -> None:
        free_since = 0.0
        while (batch := self._computed.get()) is not None:
            try:
                parts = [(bucket.rows, self._processor.finish(bucket, computed)) for bucket, computed in batch.parts]
                seconds = perf_counter() - max(batch.begin, free_since)
                answer = Done(batch.number, seconds, self._wire.pack_outcomes(parts, batch.count))
                self._send(answer)
                del parts, answer
            except BaseException as error:
                self._spoil(batch.number, error)
            free_since = perf_counter()
            del batch

    def _spoil(self, number: int, error: BaseException) -> None:
        trouble = classify(error)
        trace = "".join(traceback.format_exception(error, limit=-8))
        message = (str(error) or repr(error))[:_MESSAGE_MOST]
        error.__traceback__ = None
        if trouble is Trouble.MEMORY:
            _give_back_memory()
        self._send(Spoilt(number, trouble, type(error).__name__, message, trace))


def _vital(stage: Callable[[], None]) -> None:
    """Run a stage; the process does not outlive one that failed, or batches would wait for it until they overrun."""
    try:
        stage()
    except BaseException:
        traceback.print_exc()
        os._exit(70)


def classify(error: BaseException) -> Trouble:
    """Whether an error means: try fewer at once, the device is lost, or only that this run failed."""
    text = str(error)
    names = {kind.__name__ for kind in type(error).__mro__}
    if isinstance(error, MemoryError) or "OutOfMemoryError" in names:
        return Trouble.MEMORY
    if isinstance(error, RuntimeError):
        if any(part in text for part in _MEMORY_TEXTS):
            return Trouble.MEMORY
        if "AcceleratorError" in names or any(part in text for part in _FATAL_TEXTS):
            return Trouble.FATAL
    return Trouble.RAISED


def _give_back_memory() -> None:
    """Give cached blocks back to the device, so that the halves may have them."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
