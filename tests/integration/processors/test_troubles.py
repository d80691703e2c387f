"""A record that troubles its host is answered FAILED alone; its neighbours are COMPLETED, and run few times more."""

import asyncio
import math
from collections import Counter
from pathlib import Path

import pytest

from processors import testing
from processors.contract import DeviceSettings
from processors.host import patience
from processors.host.bisection import STRIKES, Death
from processors.host.host import Host
from processors.host.pool import Pool
from processors.testing import declare, request
from schemas.outcome import Code, Completed, Failed

SIZE, GUILTY = 16, 5
TROUBLES = [
    (testing.Failing, {}, Code.PROCESSOR_FAILED, False),
    (testing.Crashing, {}, Code.PROCESSOR_CRASHED, False),
    (testing.Crashing, {"signal": "SIGSEGV"}, Code.PROCESSOR_CRASHED, False),
    (testing.Crashing, {"signal": "SIGKILL"}, Code.PROCESSOR_CRASHED, False),
    (testing.Crashing, {"exit": "0"}, Code.PROCESSOR_CRASHED, False),
    (testing.Hanging, {}, Code.PROCESSOR_TIMEOUT, True),
    (testing.OutOfMemory, {"fits": "100"}, Code.OUT_OF_MEMORY, False),
]


@pytest.mark.parametrize(
    ("kind", "options", "code", "retriable"), TROUBLES, ids=lambda value: getattr(value, "__name__", None)
)
async def test_only_the_guilty_record_fails(
    kind: type[testing.Obedient], options: dict[str, str], code: Code, retriable: bool, tmp_path: Path
) -> None:
    journal = tmp_path / "runs"
    host = Host(declare(kind), DeviceSettings(options={**options, "journal": str(journal)}), timeout_seconds=0.5)
    await host.start()
    batches = [[request(100 * first + row, b"x") for row in range(SIZE)] for first in range(3)]
    batches[0][GUILTY]["payload"] = b"!"
    try:
        inferences = await asyncio.gather(*(host.infer(records) for records in batches))
    finally:
        await host.stop()
    guilty = inferences[0].outcomes.pop(GUILTY)
    assert isinstance(guilty, Failed)
    assert (guilty.code, guilty.retriable) == (code, retriable)
    assert all(outcome == Completed({"payload": b"x"}) for each in inferences for outcome in each.outcomes)
    runs = Counter(journal.read_text().split())
    most_for_guilty = math.log2(SIZE) + STRIKES[Death.KILLED] + 1
    assert runs.pop(f"r{GUILTY}") <= most_for_guilty
    assert max(runs.values()) <= 1 + math.log2(SIZE)
    assert max(runs[f"r{200 + row}"] for row in range(SIZE)) == 1, "a batch that was never beside it was run again"
    assert all(max(each.attempts) <= most_for_guilty for each in inferences)


async def test_only_the_batch_and_the_record_alone_have_the_whole_time_out(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "LEAST_SECONDS", 0.1)
    host = Host(declare(testing.Hanging), timeout_seconds=0.6)
    await host.start()
    try:
        await host.infer([request(row) for row in range(SIZE)])
        inference = await host.infer([request(row, b"!" if row == GUILTY else b"x") for row in range(SIZE)])
    finally:
        await host.stop()
    assert isinstance(inference.outcomes[GUILTY], Failed)
    given = [record.args[1:] for record in caplog.records if "took longer than" in record.msg and record.args]
    assert [count for _, count in given] == [SIZE, 8, 4, 2, 1]
    assert [given[0][0], given[-1][0]] == [0.6, 0.6]
    assert max(seconds for seconds, _ in given[1:-1]) < 0.4, "a part had as long as the batch"


async def test_each_hanging_record_that_is_found_is_a_sign_of_life() -> None:
    host = Host(declare(testing.Hanging), timeout_seconds=0.3)
    pool = Pool([host])
    await pool.start()
    marked = {1, 4, 6}
    signs: set[float | None] = set()
    try:
        work = asyncio.ensure_future(pool.infer([request(row, b"!" if row in marked else b"x") for row in range(8)]))
        while not work.done():
            assert pool.found_at == host.found_at
            signs.add(host.found_at)
            await asyncio.wait([work], timeout=0.02)
        assert host.found_at is None, "it still looks for a record"
    finally:
        await pool.stop()
    assert {row for row, outcome in enumerate(work.result().outcomes) if isinstance(outcome, Failed)} == marked
    assert len(signs - {None}) >= len(marked)


async def test_every_guilty_record_of_a_batch_is_found() -> None:
    host = Host(declare(testing.Crashing))
    await host.start()
    marked = {0, 3, 7}
    try:
        inference = await host.infer([request(row, b"!" if row in marked else b"x") for row in range(8)])
    finally:
        await host.stop()
    assert {row for row, outcome in enumerate(inference.outcomes) if isinstance(outcome, Failed)} == marked


async def test_what_does_not_fit_is_halved_remembered_and_answered(tmp_path: Path) -> None:
    journal = tmp_path / "runs"
    host = Host(declare(testing.OutOfMemory), DeviceSettings(options={"fits": "10", "journal": str(journal)}))
    await host.start()
    try:
        first = await host.infer([request(row, b"x") for row in range(32)])
        runs_of_first = journal.read_text().count("\n")
        second = await host.infer([request(row, b"x") for row in range(32)])
    finally:
        await host.stop()
    assert [type(outcome) for outcome in first.outcomes + second.outcomes] == [Completed] * 64
    assert runs_of_first == 1 + 2 + 4
    assert second.attempts == [1] * 32
    assert host.describe()["devices"][0]["fits"] == 8


async def test_a_processor_that_answers_too_few_fails_its_records_and_shifts_none() -> None:
    host = Host(declare(testing.Miscounting))
    await host.start()
    try:
        inference = await host.infer([request(row) for row in range(4)])
    finally:
        await host.stop()
    assert all(isinstance(outcome, Failed) and "outcomes for 1" in outcome.message for outcome in inference.outcomes)
