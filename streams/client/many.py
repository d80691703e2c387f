"""Many calls at once: sent as fast as room allows, their outcomes yielded as they come."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable
from functools import partial
from typing import Generic, TypeVar

from streams.client.calls import Call
from streams.client.errors import CallFailed
from streams.client.result import Result

Item = TypeVar("Item")
Outcome = tuple[int, Result | CallFailed]

BREATH = 64
"""Requests sent before the event loop gets a turn."""


async def each(items: Iterable[Item] | AsyncIterable[Item]) -> AsyncIterator[Item]:
    """The items of either kind of iterable."""
    if isinstance(items, AsyncIterable):
        async for item in items:
            yield item
    else:
        for item in items:
            yield item


class Many(Generic[Item]):
    """Sends each item with `send` and collects the outcomes; `abandon` is told of those nobody waits for.

    A CallFailed is the outcome of its item; any other error of `send`, or of the items themselves, ends the whole.
    """

    def __init__(
        self,
        items: Iterable[Item] | AsyncIterable[Item],
        send: Callable[[Item], Awaitable[tuple[bytes, Call]]],
        abandon: Callable[[bytes], None],
        in_flight: int,
    ) -> None:
        self._items = items
        self._send = send
        self._abandon = abandon
        self._room = asyncio.Semaphore(in_flight)
        self._finished: asyncio.Queue[Outcome | BaseException | None] = asyncio.Queue()
        self._under_way: dict[int, bytes] = {}
        self._sent: int | None = None

    async def outcomes(self) -> AsyncGenerator[Outcome, None]:
        """Index and outcome of each item, in the order of their arrival."""
        feeder = asyncio.ensure_future(self._feed())
        feeder.add_done_callback(self._fed)
        seen = 0
        try:
            while self._sent is None or seen < self._sent:
                outcome = await self._finished.get()
                if isinstance(outcome, BaseException):
                    raise outcome
                if outcome is None:
                    continue
                seen += 1
                self._room.release()
                yield outcome
        finally:
            feeder.cancel()
            for token in self._under_way.values():
                self._abandon(token)

    async def _feed(self) -> int:
        count = 0
        async for item in each(self._items):
            await self._room.acquire()
            try:
                token, call = await self._send(item)
            except CallFailed as error:
                self._finished.put_nowait((count, error))
            else:
                self._under_way[count] = token
                call.future.add_done_callback(partial(self._settle, count))
            count += 1
            if count % BREATH == 0:
                await asyncio.sleep(0)
        return count

    def _settle(self, index: int, future: asyncio.Future[Result]) -> None:
        self._under_way.pop(index, None)
        if future.cancelled():
            return
        error = future.exception()
        if error is None:
            self._finished.put_nowait((index, future.result()))
        else:
            self._finished.put_nowait((index, error) if isinstance(error, CallFailed) else error)

    def _fed(self, feeder: asyncio.Future[int]) -> None:
        if feeder.cancelled():
            return
        error = feeder.exception()
        if error is not None:
            self._finished.put_nowait(error)
        else:
            self._sent = feeder.result()
            self._finished.put_nowait(None)
