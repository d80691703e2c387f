"""Sagas on a real cluster: from the command to the end, through echo lanes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Producer

from sagas.instance import Status
from streams.client.reading import TopicReader
from streams.exit_codes import ExitCode
from streams.stack.testing import StackForTests
from streams.testing import eventually
from tests.e2e.saga_site import SagaSite


@pytest.fixture
def site(stack: StackForTests, tmp_path: Path) -> Iterator[SagaSite]:
    with SagaSite(stack, tmp_path) as made:
        yield made


def test_three_steps_one_after_the_other(site: SagaSite) -> None:
    site.worker(0, "sagas", "echo")
    answer = site.start("three-echoes", "first")
    assert answer["saga_status"] == "RUNNING"
    ended = site.becomes("first", Status.COMPLETED)
    assert b"three hello" in ended.data
    assert [event.seq for event in site.history("first")] == list(range(ended.seq + 1))


def test_a_released_definition_that_was_changed_is_refused_at_start(site: SagaSite) -> None:
    first = site.worker(0, "sagas")
    eventually(lambda: "a saga is released" in site.log(0).read_text(), within=30, what="the release")
    refused = site.worker(1, "sagas", CHANGED_SAGA="1")
    assert refused.wait(60) == ExitCode.USAGE
    assert "saga 'three-echoes', version 1, is not what was released" in site.log(1).read_text()
    assert first.poll() is None


def test_what_is_no_record_of_the_inbox_is_a_dead_letter_and_no_more(site: SagaSite) -> None:
    site.worker(0, "sagas", "echo")
    producer = Producer({"bootstrap.servers": site.settings.kafka.bootstrap_servers})
    for partition in (0, 1):
        producer.produce(site.settings.lanes["sagas"].requests[0], b"no Avro", b"x", partition=partition)
    assert producer.flush(20) == 0
    site.start("three-echoes", "behind")
    site.becomes("behind", Status.COMPLETED)
    reader = TopicReader(site.settings)
    letters = list(reader.read(reader.spans(reader.partitions([site.settings.dead_letters]))))
    assert [letter.value for letter in letters] == [b"no Avro"] * 2
