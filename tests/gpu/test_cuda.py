"""The processors on CUDA: as on the CPU, in each number format, and alive after what kills a CUDA context.

Needs neither Kafka nor pytest-asyncio, so that it runs on a bare machine with a device:
`pytest -c /dev/null --rootdir . --confcutdir tests/gpu --import-mode importlib tests/gpu`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

from processors.catalogue import find
from processors.contract import Declaration, DeviceSettings, Inference, Runner
from processors.digits import dataset
from processors.runners import runner_for
from processors.testing import declare, request
from processors.testing_cuda import Asserting, Hoarding
from schemas.outcome import Code, Completed, Failed

Floats = npt.NDArray[np.float32]
TEXTS = ["A cat sits on the mat.", "The stock market fell.", "a", "words of a longer sentence " * 12] * 16


def running(
    declaration: Declaration, device: DeviceSettings, use: Callable[[Runner], Awaitable[Any]], seconds: float = 60.0
) -> Any:
    """What `use` returns of a started runner."""

    async def whole() -> Any:
        runner = runner_for(declaration, device, timeout_seconds=seconds)
        await runner.start()
        try:
            return await use(runner)
        finally:
            await runner.stop()

    return asyncio.run(whole())


def outputs(inferences: Sequence[Inference], field: str) -> Floats:
    """The floats of a tensor field, a row a record."""
    rows = []
    for inference in inferences:
        for outcome in inference.outcomes:
            assert isinstance(outcome, Completed)
            rows.append(np.frombuffer(outcome.output[field]["data"], np.float32))
    return np.stack(rows)


def embedded(device: DeviceSettings) -> Floats:
    records = [{"request_id": str(row), "text": text} for row, text in enumerate(TEXTS)]

    async def use(runner: Runner) -> list[Inference]:
        return list(await asyncio.gather(*(runner.infer(records) for _ in range(4))))

    inferences = running(find("embed"), device, use)
    floats = outputs(inferences, "embedding").reshape(4, len(TEXTS), 384)
    assert all(np.abs(floats[0] - each).max() < 1e-3 for each in floats), (
        "batches in flight together disturbed each other"
    )
    first: Floats = floats[0]
    return first


@pytest.mark.parametrize(("dtype", "most"), [("float32", 1e-4), ("bfloat16", 3e-2), ("float16", 5e-3)])
def test_embeddings_on_cuda_are_those_of_the_cpu(dtype: str, most: float) -> None:
    on_cpu = embedded(DeviceSettings(device="cpu"))
    on_cuda = embedded(DeviceSettings(device="cuda", dtype=dtype))
    assert np.abs(on_cpu - on_cuda).max() < most
    assert (on_cpu * on_cuda).sum(1).min() > 0.999


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_digits_on_cuda_are_as_accurate_as_on_the_cpu(dtype: str) -> None:
    images, labels = dataset.held_out()
    records = [
        {"request_id": str(row), "image": {"dtype": "float32", "shape": [8, 8], "data": image.tobytes()}}
        for row, image in enumerate(images)
    ]

    async def use(runner: Runner) -> list[Inference]:
        return list(await asyncio.gather(*(runner.infer(records[begin : begin + 256]) for begin in range(0, 899, 256))))

    probabilities = outputs(running(find("digits"), DeviceSettings(device="cuda", dtype=dtype), use), "probabilities")
    assert (probabilities.argmax(1) == labels).mean() > 0.97


def test_a_compiled_network_answers_as_the_plain_one() -> None:
    plain, fast = (embedded(DeviceSettings(device="cuda", compile=compiled)) for compiled in (False, True))
    assert np.abs(plain - fast).max() < 1e-3


def test_auto_takes_the_device() -> None:
    async def use(runner: Runner) -> Any:
        return runner.describe()["devices"][0]["device"]

    assert running(find("digits"), DeviceSettings(), use).startswith("cuda:0")


def test_a_record_that_kills_the_cuda_context_fails_alone() -> None:
    async def use(runner: Runner) -> tuple[Inference, Inference, int]:
        records = [
            [request(100 * part + row, b"!" if (part, row) == (0, 5) else b"x") for row in range(8)] for part in (0, 1)
        ]
        first, second = await asyncio.gather(*(runner.infer(each) for each in records))
        return first, second, runner.restarts

    first, second, restarts = running(declare(Asserting), DeviceSettings(device="cuda"), use)
    assert [row for row, outcome in enumerate(first.outcomes) if isinstance(outcome, Failed)] == [5]
    guilty = first.outcomes[5]
    assert isinstance(guilty, Failed)
    assert guilty.code is Code.PROCESSOR_CRASHED
    assert all(isinstance(outcome, Completed) for outcome in second.outcomes)
    assert restarts >= 4


def test_a_batch_that_does_not_fit_in_device_memory_is_halved_and_remembered() -> None:
    bytes_each = int(torch.cuda.mem_get_info()[1] / 5)
    device = DeviceSettings(device="cuda", options={"bytes": str(bytes_each)})

    async def use(runner: Runner) -> tuple[Inference, Inference, Any]:
        records = [request(row, b"x") for row in range(16)]
        return await runner.infer(records), await runner.infer(records), runner.describe()["devices"][0]["fits"]

    first, second, fits = running(declare(Hoarding), device, use)
    assert all(isinstance(outcome, Completed) for outcome in first.outcomes + second.outcomes)
    assert fits is not None
    assert fits <= 4
    assert max(second.attempts) == 1


def test_a_record_that_does_not_fit_alone_fails_alone() -> None:
    bytes_each = int(torch.cuda.mem_get_info()[1] * 1.5)

    async def use(runner: Runner) -> Inference:
        return await runner.infer([request(0, b"!")] + [request(row, b"") for row in range(1, 4)])

    inference = running(declare(Hoarding), DeviceSettings(device="cuda", options={"marked": str(bytes_each)}), use)
    failed = [outcome for outcome in inference.outcomes if isinstance(outcome, Failed)]
    assert [outcome.code for outcome in failed] == [Code.OUT_OF_MEMORY]
    assert isinstance(inference.outcomes[0], Failed)
