"""Help for tests of the running system: waiting on a condition instead of sleeping."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import TypeVar, cast

Value = TypeVar("Value")


class NeverCame(AssertionError):
    """A condition that a test waited for did not come true before its deadline."""


def eventually(
    condition: Callable[[], Value], *, within: float = 10.0, every: float = 0.02, what: str = "the condition"
) -> Value:
    """Call `condition` until it returns something true, and return that; blocks the thread.

    Raises NeverCame, with the last value, when `within` seconds have passed. What the condition raises
    passes through.
    """
    deadline = time.monotonic() + within
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= deadline:
            raise NeverCame(f"{what} did not come within {within} s; last value: {value!r}")
        time.sleep(every)


async def eventually_async(
    condition: Callable[[], Value | Awaitable[Value]],
    *,
    within: float = 10.0,
    every: float = 0.02,
    what: str = "the condition",
) -> Value:
    """As `eventually`, for a test on an event loop, which goes on; the condition may be a coroutine."""
    deadline = time.monotonic() + within
    while True:
        answer = condition()
        value = cast(Value, await answer if isawaitable(answer) else answer)
        if value:
            return value
        if time.monotonic() >= deadline:
            raise NeverCame(f"{what} did not come within {within} s; last value: {value!r}")
        await asyncio.sleep(every)
