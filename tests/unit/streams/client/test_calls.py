"""The table of calls that wait."""

import asyncio
from collections.abc import Callable

import pytest

from streams.client.calls import Calls
from streams.client.errors import InferenceFailed, NotReady, TimedOut
from streams.client.result import Result

RESULT = Result("echo", {"request_id": "r"})


@pytest.fixture
async def calls() -> Calls:
    return Calls(asyncio.get_running_loop(), "client")


async def test_an_answer_finds_its_call(calls: Calls) -> None:
    first, one = calls.open("echo", "r", 10)
    second, _ = calls.open("echo", "r", 10)
    assert first != second
    calls.answer(first, RESULT)
    assert await one.future is RESULT
    assert calls.waiting(first) is None
    assert calls.waiting(second) is not None


async def test_a_failure_is_raised_where_the_call_waits(calls: Calls) -> None:
    token, call = calls.open("echo", "r", 10)
    calls.answer(token, InferenceFailed("r", "PROCESSOR_FAILED", "boom", True, {"a": "b"}))
    with pytest.raises(InferenceFailed, match="PROCESSOR_FAILED: boom") as caught:
        await call.future
    assert (caught.value.retriable, caught.value.details, caught.value.request_id) == (True, {"a": "b"}, "r")


async def test_a_call_times_out_and_its_late_answer_is_let_go(calls: Calls) -> None:
    token, call = calls.open("echo", "r", 0.01)
    with pytest.raises(TimedOut, match=r"sluicegate find r"):
        await call.future
    assert calls.awaited(token)
    assert calls.unanswered == 1
    calls.answer(token, None)
    assert not calls.awaited(token)
    assert calls.unanswered == 0


async def test_an_answer_to_nobody_is_let_go(calls: Calls) -> None:
    calls.answer(b"unknown", RESULT)
    assert len(calls) == 0


@pytest.mark.parametrize("leave", [Calls.discard, Calls.abandon])
async def test_a_call_given_up_is_due_only_if_it_was_sent(calls: Calls, leave: Callable[[Calls, bytes], None]) -> None:
    token, _ = calls.open("echo", "r", 10)
    leave(calls, token)
    assert calls.waiting(token) is None
    assert calls.unanswered == (leave is Calls.abandon)


async def test_drained_says_whether_all_were_answered(calls: Calls) -> None:
    assert await calls.drained(0.01)
    token, _ = calls.open("echo", "r", 10)
    assert not await calls.drained(0.01)
    calls.answer(token, RESULT)
    assert await calls.drained(0.01)


async def test_closing_tells_every_caller(calls: Calls) -> None:
    _, call = calls.open("echo", "r", 10)
    calls.fail_all()
    with pytest.raises(NotReady, match="'r'"):
        await call.future
    assert calls.unanswered == 1
