"""Many calls at once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest

from streams.client.calls import Call, Calls
from streams.client.errors import CallFailed, InvalidRecord, NotReady
from streams.client.many import Many
from streams.client.result import Result
from streams.testing import eventually_async

Send = Callable[[int], Awaitable[tuple[bytes, Call]]]


class Service:
    """Opens calls and answers them when told; counts how many were under way at once."""

    def __init__(self) -> None:
        self.calls = Calls(asyncio.get_running_loop(), "client")
        self.tokens: list[bytes] = []
        self.most = 0

    async def send(self, item: int) -> tuple[bytes, Call]:
        if item < 0:
            raise InvalidRecord(f"{item} is negative", str(item))
        token, call = self.calls.open("echo", str(item), 10)
        self.tokens.append(token)
        self.most = max(self.most, len(self.calls))
        return token, call

    async def answer(self, count: int, backwards: bool = False) -> None:
        await eventually_async(lambda: len(self.tokens) >= count, every=0)
        now, self.tokens = self.tokens[:count], self.tokens[count:]
        for token in reversed(now) if backwards else now:
            call = self.calls.waiting(token)
            assert call is not None
            self.calls.answer(token, Result("echo", {"request_id": call.request_id}))

    def many(self, items: Iterator[int] | AsyncIterator[int], in_flight: int = 100) -> Many[int]:
        return Many(items, self.send, self.calls.abandon, in_flight)


async def collected(many: Many[int]) -> list[tuple[int, Result | CallFailed]]:
    return [outcome async for outcome in many.outcomes()]


async def test_outcomes_come_as_they_arrive_with_the_index_of_their_item() -> None:
    service = Service()
    answering = asyncio.create_task(service.answer(5, backwards=True))
    found = await collected(service.many(iter(range(5))))
    assert [index for index, _ in found] == [4, 3, 2, 1, 0]
    assert all(isinstance(one, Result) and one.request_id == str(index) for index, one in found)
    await answering


async def test_a_failure_is_the_outcome_of_its_item_and_the_others_go_on() -> None:
    service = Service()
    answering = asyncio.create_task(service.answer(2))
    found = dict(await collected(service.many(iter([1, -2, 3]))))
    assert isinstance(found[1], InvalidRecord)
    assert isinstance(found[0], Result)
    assert isinstance(found[2], Result)
    await answering


async def test_no_more_are_under_way_than_there_is_room_for() -> None:
    service = Service()

    async def answer_all() -> None:
        for _ in range(10):
            await service.answer(3)

    answering = asyncio.create_task(answer_all())
    found = await collected(service.many(iter(range(30)), in_flight=3))
    assert sorted(index for index, _ in found) == list(range(30))
    assert service.most == 3
    await answering


async def test_items_may_come_asynchronously() -> None:
    async def items() -> AsyncIterator[int]:
        for item in range(3):
            await asyncio.sleep(0)
            yield item

    service = Service()
    answering = asyncio.create_task(service.answer(3))
    assert len(await collected(service.many(items()))) == 3
    await answering


async def test_nothing_gives_nothing() -> None:
    assert await collected(Service().many(iter([]))) == []


async def test_what_fails_for_all_is_raised() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise OSError("the file is gone")

    service = Service()
    with pytest.raises(OSError, match="the file is gone"):
        await collected(service.many(items()))
    assert len(service.calls) == 0


async def test_a_client_that_closes_ends_it() -> None:
    service = Service()
    many = asyncio.create_task(collected(service.many(iter(range(3)))))
    await eventually_async(lambda: len(service.calls) == 3, every=0)
    service.calls.fail_all()
    with pytest.raises(NotReady):
        await many


async def test_leaving_early_abandons_what_is_under_way() -> None:
    service = Service()
    answering = asyncio.create_task(service.answer(1))
    outcomes = service.many(iter(range(3))).outcomes()
    await anext(outcomes)
    await outcomes.aclose()
    assert len(service.calls) == 0
    assert service.calls.unanswered == 2
    await answering
