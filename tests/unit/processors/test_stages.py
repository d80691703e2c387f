"""What kind of trouble an error is, and that the stages of different batches overlap."""

import threading
from queue import SimpleQueue
from typing import Any

import pytest

from processors.contract import Bucket, DeviceSettings
from processors.host.messages import Done, End, Run, Spoilt, Trouble
from processors.host.stages import Stages, classify
from processors.testing import Obedient
from processors.wire import RecordsWire


class OutOfMemoryError(RuntimeError):
    """Named as torch's own."""


class AcceleratorError(RuntimeError):
    """Named as torch's own."""


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (ValueError("out of memory"), Trouble.RAISED),
        (KeyError("text"), Trouble.RAISED),
        (SystemExit(3), Trouble.RAISED),
        (RuntimeError("shape mismatch"), Trouble.RAISED),
        (MemoryError(), Trouble.MEMORY),
        (OutOfMemoryError("CUDA"), Trouble.MEMORY),
        (RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), Trouble.MEMORY),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried 8 bytes"), Trouble.MEMORY),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling"), Trouble.MEMORY),
        (RuntimeError("CUDA error: device-side assert triggered"), Trouble.FATAL),
        (AcceleratorError("an illegal memory access was encountered"), Trouble.FATAL),
        (AcceleratorError("CUDA error: out of memory"), Trouble.MEMORY),
    ],
)
def test_an_error_means_that_the_run_failed_that_it_was_too_large_or_that_the_device_is_lost(
    error: BaseException, trouble: Trouble
) -> None:
    assert classify(error) is trouble


class Overlapping(Obedient):
    """Each stage waits until the other two are busy with other batches, which only overlap makes possible."""

    def __init__(self) -> None:
        super().__init__(DeviceSettings())
        self.all_busy = threading.Barrier(3)

    def prepare(self, batch: Any) -> list[Bucket]:
        if batch[0]["payload"] == b"third":
            self.all_busy.wait(10)
        return super().prepare(batch)

    def compute(self, bucket: Bucket) -> Any:
        if bucket.inputs[0]["payload"] == b"second":
            self.all_busy.wait(10)
        return super().compute(bucket)

    def finish(self, bucket: Bucket, computed: Any) -> Any:
        if bucket.inputs[0]["payload"] == b"first":
            self.all_busy.wait(10)
        return super().finish(bucket, computed)


def served(processor: Obedient, messages: list[Any]) -> list[Any]:
    """What the stages answer."""
    waiting: SimpleQueue[Any] = SimpleQueue()
    answers: SimpleQueue[Any] = SimpleQueue()
    for message in [*messages, End()]:
        waiting.put(message)
    Stages(processor, RecordsWire, waiting.get, answers.put).serve()
    return [answers.get() for _ in range(answers.qsize())]


def run(number: int, payload: bytes) -> Run:
    return Run(number, 1, [{"request_id": "r", "payload": payload}])


def test_one_batch_is_prepared_while_another_computes_and_a_third_is_finished() -> None:
    answers = served(Overlapping(), [run(1, b"first"), run(2, b"second"), run(3, b"third")])
    assert [type(answer) for answer in answers] == [Done] * 3
    assert [answer.number for answer in answers] == [1, 2, 3]


class Picky(Obedient):
    """Raises in the stage that a payload names."""

    def prepare(self, batch: Any) -> list[Bucket]:
        self.refuse(batch, b"prepare")
        return super().prepare(batch)

    def compute(self, bucket: Bucket) -> Any:
        self.refuse(bucket.inputs, b"compute")
        return super().compute(bucket)

    def finish(self, bucket: Bucket, computed: Any) -> Any:
        self.refuse(computed, b"finish")
        return super().finish(bucket, computed)

    def refuse(self, records: Any, stage: bytes) -> None:
        if records[0]["payload"] == stage:
            raise ValueError(f"no {stage.decode()} today")


def test_an_error_in_any_stage_spoils_its_run_alone_and_carries_its_trace() -> None:
    payloads = [b"prepare", b"good", b"compute", b"finish", b"good"]
    answers = served(Picky(DeviceSettings()), [run(number, payload) for number, payload in enumerate(payloads)])
    by_number = {answer.number: answer for answer in answers}
    for number, payload in enumerate(payloads):
        answer = by_number[number]
        if payload == b"good":
            assert isinstance(answer, Done)
        else:
            assert isinstance(answer, Spoilt)
            assert answer.message == f"no {payload.decode()} today"
            assert answer.exception == "ValueError"
            assert "in refuse" in answer.trace
