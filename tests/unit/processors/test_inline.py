"""The runner without a process."""

import dataclasses
from typing import Any

import pytest

from processors import testing
from processors.catalogue import find
from processors.contract import Bucket, DeviceSettings
from processors.errors import DeclarationError, NotForInline, ProcessorUnavailable, RunnerStopped
from processors.inline import Inline
from processors.runners import runner_for
from processors.testing import declare, request
from schemas.outcome import Code, Completed, Failed


async def started(kind: type[testing.Obedient], **options: str) -> Inline:
    runner = Inline(declare(kind, inline=True), DeviceSettings(options=options))
    await runner.start()
    return runner


async def test_echo_runs_inline_and_returns_payloads_in_order() -> None:
    runner = runner_for(find("echo"))
    assert isinstance(runner, Inline)
    await runner.start()
    assert runner.ready
    inference = await runner.infer([request(number, bytes([number])) for number in range(5)])
    assert inference.outcomes == [Completed({"payload": bytes([number])}) for number in range(5)]
    assert inference.attempts == [1] * 5
    assert inference.runs == 1


def test_what_only_a_host_process_has_is_refused() -> None:
    with pytest.raises(NotForInline, match=r"lanes\.echo\.devices names 2"):
        runner_for(find("echo"), [DeviceSettings(), DeviceSettings()])
    with pytest.raises(NotForInline, match=r"lanes\.echo\.timeout_seconds = 5: echo runs in the worker itself"):
        runner_for(find("echo"), timeout_seconds=5)


async def test_nothing_is_nothing() -> None:
    runner = await started(testing.Failing)
    assert (await runner.infer([])).outcomes == []


@pytest.mark.parametrize(
    ("kind", "code"), [(testing.Failing, Code.PROCESSOR_FAILED), (testing.OutOfMemory, Code.OUT_OF_MEMORY)]
)
async def test_only_the_record_that_fails_alone_is_blamed(kind: type[testing.Obedient], code: Code) -> None:
    runner = await started(kind, fits="100")
    inference = await runner.infer([request(number, b"!" if number == 5 else b"x") for number in range(16)])
    assert [row for row, outcome in enumerate(inference.outcomes) if isinstance(outcome, Failed)] == [5]
    guilty = inference.outcomes[5]
    assert isinstance(guilty, Failed)
    assert guilty.code is code
    assert inference.attempts == [3, 3, 3, 3, 5, 5, 4, 4, *[2] * 8]


async def test_too_few_outcomes_are_a_failure_not_a_shift() -> None:
    runner = await started(testing.Miscounting)
    (outcome,) = (await runner.infer([request(0)])).outcomes
    assert isinstance(outcome, Failed)
    assert "0 outcomes for 1 records" in outcome.message


class Backwards(testing.Obedient):
    """Two buckets, the last row first."""

    def prepare(self, batch: Any) -> list[Bucket]:
        return [Bucket([row], [batch[row]]) for row in reversed(range(len(batch)))]


async def test_outcomes_of_several_buckets_are_put_in_order() -> None:
    runner = await started(Backwards)
    inference = await runner.infer([request(number, bytes([number])) for number in range(3)])
    assert inference.outcomes == [Completed({"payload": bytes([number])}) for number in range(3)]


async def test_a_processor_that_can_not_load_is_unavailable_and_says_why() -> None:
    with pytest.raises(ProcessorUnavailable, match=r"echo could not be loaded: weights\.safetensors is missing"):
        await started(testing.Unloadable)


async def test_a_runner_that_is_not_started_or_is_stopped_says_so() -> None:
    runner = Inline(find("echo"))
    with pytest.raises(RunnerStopped, match="await start"):
        await runner.infer([request(0)])
    await runner.start()
    await runner.stop()
    await runner.stop()
    with pytest.raises(RunnerStopped):
        await runner.infer([request(0)])


@pytest.mark.parametrize(
    "reference", ["processors.nothing:Echo", "processors.testing:Nobody", "processors.testing:MARK", "x"]
)
async def test_an_implementation_that_is_not_there_is_named(reference: str) -> None:
    runner = Inline(dataclasses.replace(find("echo"), implementation=reference))
    with pytest.raises(DeclarationError, match=reference):
        await runner.start()
