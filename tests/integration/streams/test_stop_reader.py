"""Stops through a real control topic."""

import threading
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

from streams.client import connection
from streams.settings import Settings
from streams.stop_reader import StopReader, read_stops
from streams.stop_writer import write
from streams.stops import Stop, StopKey
from streams.testing import eventually

STOP = Stop("6 unreadable records in a row, and the limit is 5", 41, 1_795_000_000_000)


@pytest.fixture
def control(new_topic: Callable[..., str]) -> str:
    return new_topic("control", config={"cleanup.policy": "compact"})


@pytest.fixture
def reader(settings: Settings, control: str) -> Iterator[StopReader]:
    made = StopReader(settings, control)
    made.start()
    yield made
    made.stop()


def key(partition: int, group: str = "scoring") -> StopKey:
    return StopKey(group, "orders", partition)


def test_a_stop_outlives_its_reader_until_it_is_resumed(settings: Settings, control: str, reader: StopReader) -> None:
    write(settings, control, key(3), STOP)
    write(settings, control, key(4), STOP)
    write(settings, control, key(3, "another"), STOP)
    assert reader.is_stopped("scoring", "orders", 3)
    assert not reader.is_stopped("scoring", "orders", 5)
    assert reader.stopped("scoring") == {("orders", 3), ("orders", 4)}
    second = StopReader(settings, control)
    second.start()
    assert second.is_stopped("scoring", "orders", 3)
    second.stop()
    write(settings, control, key(3), None)
    assert not reader.is_stopped("scoring", "orders", 3)
    assert read_stops(settings, control) == {key(4): STOP, key(3, "another"): STOP}


def test_workers_are_told_of_stops_and_resumptions(settings: Settings, control: str) -> None:
    told: list[tuple[StopKey, Stop | None]] = []
    reader = StopReader(settings, control, lambda which, stop: told.append((which, stop)))
    reader.start()
    write(settings, control, key(1), STOP)
    eventually(lambda: told == [(key(1), STOP)])
    write(settings, control, key(1), None)
    eventually(lambda: told == [(key(1), STOP), (key(1), None)])
    reader.stop()


def test_who_reads_on_with_a_new_consumer_is_told_of_nothing_twice(settings: Settings, control: str) -> None:
    told: list[tuple[StopKey, Stop | None]] = []
    reader = StopReader(settings, control, lambda which, stop: told.append((which, stop)))
    reader.start()
    write(settings, control, key(1), STOP)
    assert reader.is_stopped("scoring", "orders", 1)
    reader._begin_anew.set()
    eventually(lambda: not reader._begin_anew.is_set())
    write(settings, control, key(2), STOP)
    assert reader.is_stopped("scoring", "orders", 2)
    assert told == [(key(1), STOP), (key(2), STOP)]
    reader.stop()


def test_a_topic_that_is_not_read_to_its_end_in_time_asks_for_a_new_consumer(settings: Settings, control: str) -> None:
    write(settings, control, key(1), STOP)
    idle = StopReader(settings, control)
    with pytest.raises(TimeoutError, match="was not read to its end"):
        idle.refresh(timeout=0.1)
    assert idle._begin_anew.is_set()


def test_what_an_aborted_transaction_wrote_stops_nothing(settings: Settings, control: str, reader: StopReader) -> None:
    producer = connection.producer(settings, "test", **{"transactional.id": f"t-{uuid4().hex}"})
    producer.init_transactions(20)
    producer.begin_transaction()
    producer.produce(control, STOP.pack(), key(1).pack())
    producer.flush(10)
    producer.abort_transaction(20)
    producer.begin_transaction()
    producer.produce(control, STOP.pack(), key(2).pack())
    producer.commit_transaction(20)
    assert reader.is_stopped("scoring", "orders", 2)
    assert reader.stopped("scoring") == {("orders", 2)}


def test_a_missing_control_topic_stops_nothing_and_is_read_once_it_is_there(settings: Settings) -> None:
    name = f"missing-{uuid4().hex[:8]}"
    reader = StopReader(settings, name)
    reader.start()
    assert not reader.is_stopped("scoring", "orders", 0)
    reader.stop()
    assert not any(thread.name == "stops" and thread.is_alive() for thread in threading.enumerate())
