"""The Python client against a real Kafka and registry."""

import asyncio
from collections.abc import Callable

import pytest

from schemas.errors import RegistryUnavailable
from streams.client import (
    Client,
    ClusterUnreachable,
    InferenceFailed,
    InvalidRecord,
    NotReady,
    NotSent,
    Result,
    TimedOut,
    TopicMissing,
    UnknownProcessor,
)
from streams.client.connection import admin, partition_counts
from streams.settings import KafkaSettings, RegistrySettings, override
from streams.testing import eventually_async
from tests.integration.client.lane import EchoLane, StandIn


def topics(lane: EchoLane) -> dict[str, int]:
    return partition_counts(admin(lane.settings), lane.settings)


def reply_topics(lane: EchoLane, name: str) -> list[int]:
    """How many partitions the reply topics of the clients of this name have."""
    return [count for topic, count in topics(lane).items() if topic.startswith(f"sluicegate.replies.{name}-")]


async def test_a_request_is_answered_on_a_topic_of_the_clients_own_which_is_gone_afterwards(answering: StandIn) -> None:
    async with Client(answering.lane.settings, client_id="mine") as client:
        result = await client.infer("echo", {"request_id": "one", "payload": b"hi"}, headers={"x-mine": "1"})
        assert reply_topics(answering.lane, "mine") == [1]
    assert (result.request_id, result["payload"], result.model) == ("one", b"hi", "echo 1")
    assert ("x-mine", b"1") in result.headers
    await eventually_async(lambda: not reply_topics(answering.lane, "mine"))


async def test_a_client_that_closes_leaves_the_topic_of_another_with_its_name(answering: StandIn) -> None:
    async with Client(answering.lane.settings, client_id="twins") as client:
        async with Client(answering.lane.settings, client_id="twins"):
            assert reply_topics(answering.lane, "twins") == [1, 1]
        await eventually_async(lambda: reply_topics(answering.lane, "twins") == [1])
        assert (await client.infer("echo", {"payload": b"hi"}))["payload"] == b"hi"


async def test_key_and_deadline_reach_the_worker(answering: StandIn) -> None:
    async with Client(answering.lane.settings) as client:
        await client.infer("echo", {"request_id": "keyed", "payload": b"hi"}, key="customer", deadline_ms=60_000)
        await client.infer("echo", {"request_id": "plain", "payload": b"hi"})
    seen = {record.key: record for record in answering.seen}
    deadline = int(seen[b"customer"].header("deadline") or b"0")
    assert 0 < deadline - seen[b"customer"].timestamp <= 60_000
    assert seen[b"plain"].header("deadline") is None


async def test_thousands_at_once_are_each_answered_with_their_own(answering: StandIn) -> None:
    async with Client(answering.lane.settings) as client:
        calls = [client.infer("echo", {"payload": str(number).encode()}) for number in range(3_000)]
        results = await asyncio.gather(*calls)
    assert [int(result["payload"]) for result in results] == list(range(3_000))


async def test_many_yield_failures_as_values(answering: StandIn) -> None:
    payloads: list[object] = [b"a", b"fail", "no bytes", b"b"]
    async with Client(answering.lane.settings) as client:
        found = {index: one async for index, one in client.infer_many("echo", ({"payload": one} for one in payloads))}
    assert [type(found[index]) for index in range(4)] == [Result, InferenceFailed, InvalidRecord, Result]


async def test_a_failed_answer_is_raised_with_all_it_says(answering: StandIn) -> None:
    async with Client(answering.lane.settings) as client:
        with pytest.raises(InferenceFailed, match="PROCESSOR_FAILED: boom") as caught:
            await client.infer("echo", {"request_id": "broken", "payload": b"fail"})
    assert (caught.value.code, caught.value.request_id) == ("PROCESSOR_FAILED", "broken")


async def test_two_calls_with_one_id_are_both_answered(answering: StandIn) -> None:
    async with Client(answering.lane.settings) as client:
        one, two = await asyncio.gather(
            client.infer("echo", {"request_id": "twin", "payload": b"1"}),
            client.infer("echo", {"request_id": "twin", "payload": b"2"}, key="elsewhere"),
        )
    assert (one["payload"], two["payload"]) == (b"1", b"2")


async def test_without_an_answer_the_call_times_out_and_the_topic_stays_for_it(answering: StandIn) -> None:
    async with Client(answering.lane.settings, client_id="left") as client:
        with pytest.raises(TimedOut, match="sluicegate find nobody"):
            await client.infer("echo", {"request_id": "nobody", "payload": b"drop"}, timeout_seconds=0.2)
        assert (await client.infer("echo", {"payload": b"hi"}))["payload"] == b"hi"
    assert reply_topics(answering.lane, "left") == [1]


async def test_a_cancelled_call_leaves_the_client_usable(answering: StandIn) -> None:
    async with Client(answering.lane.settings) as client:
        await client.infer("echo", {"payload": b"hi"})
        call = asyncio.create_task(client.infer("echo", {"payload": b"drop"}))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(call, 0.1)
        assert (await client.infer("echo", {"payload": b"hi"}))["payload"] == b"hi"


@pytest.mark.parametrize("partition", [None, 2])
async def test_answers_may_come_on_an_existing_topic(
    answering: StandIn, new_topic: Callable[..., str], partition: int | None
) -> None:
    topic = new_topic("replies", partitions=4)
    settings = answering.lane.settings
    async with (
        Client(settings, reply_topic=topic, reply_partition=partition) as client,
        Client(settings, reply_topic=topic, reply_partition=partition) as another,
    ):
        mine, others = await asyncio.gather(
            client.infer("echo", {"request_id": "same", "payload": b"mine"}),
            another.infer("echo", {"request_id": "same", "payload": b"others"}),
        )
    assert (mine["payload"], others["payload"]) == (b"mine", b"others")
    assert topic in topics(answering.lane)


async def test_a_wrong_reply_topic_or_partition_is_refused(answering: StandIn, new_topic: Callable[..., str]) -> None:
    with pytest.raises(TopicMissing, match="'nowhere'"):
        await Client(answering.lane.settings, reply_topic="nowhere").start()
    with pytest.raises(ValueError, match="partitions 0 to 0"):
        await Client(answering.lane.settings, reply_topic=new_topic(), reply_partition=3).start()


async def test_an_unknown_processor_and_missing_topics_name_the_cure(answering: StandIn) -> None:
    async with Client(answering.lane.settings) as client:
        with pytest.raises(UnknownProcessor, match="digits, echo, embed"):
            await client.infer("eco", {"payload": b"hi"})
        lanes = {"echo": replace_requests(answering.lane)}
        client._settings = override(answering.lane.settings, {"lanes": lanes})
        with pytest.raises(TopicMissing, match="sluicegate init"):
            await client.infer("echo", {"payload": b"hi"})


def replace_requests(lane: EchoLane) -> object:
    return lane.settings.lane("echo").model_copy(update={"requests": ("not-there",)})


async def test_a_request_that_is_too_large_is_not_sent(answering: StandIn) -> None:
    async with Client(answering.lane.settings) as client:
        with pytest.raises(NotSent, match="'large' was not sent"):
            await client.infer("echo", {"request_id": "large", "payload": b"x" * 1_100_000})


async def test_a_client_that_is_not_started_or_closed_says_so(answering: StandIn) -> None:
    client = Client(answering.lane.settings)
    with pytest.raises(NotReady):
        await client.infer("echo", {"payload": b"hi"})
    async with client:
        await client.infer("echo", {"payload": b"hi"})
    with pytest.raises(NotReady):
        await client.infer("echo", {"payload": b"hi"})


async def test_a_cluster_that_is_down_is_named(monkeypatch: pytest.MonkeyPatch, answering: StandIn) -> None:
    monkeypatch.setattr("streams.client.reply_topic.ANSWER_SECONDS", 1.0)
    nowhere = KafkaSettings(bootstrap_servers="127.0.0.1:1")
    with pytest.raises(ClusterUnreachable, match=r"127\.0\.0\.1:1 .*sluicegate up"):
        await Client(override(answering.lane.settings, {"kafka": nowhere})).start()


async def test_a_registry_that_is_down_is_named(answering: StandIn) -> None:
    nowhere = RegistrySettings(url="http://127.0.0.1:1/apis/ccompat/v7")
    async with Client(override(answering.lane.settings, {"registry": nowhere})) as client:
        with pytest.raises(RegistryUnavailable, match=r"127\.0\.0\.1:1"):
            await client.infer("echo", {"payload": b"hi"})
