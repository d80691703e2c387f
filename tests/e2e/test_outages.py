"""Kafka or the registry away, at the start or in the middle: nothing lost, nothing doubled, no dead letter."""

import json
from collections.abc import Iterator
from random import Random

import pytest

from schemas.avro_schema import AvroSchema
from schemas.codec import Codec
from schemas.subjects import subject
from streams.client.connection import open_registry
from streams.proof import aftermath
from streams.proof.asked import requests
from streams.proof.ledger import Ledger
from streams.proof.load import Load
from streams.proof.site import Site
from streams.proof.watcher import AnswerReader, Watcher
from streams.proof.works import Works
from streams.stack.layout import Layout
from streams.stack.testing import StackForTests
from streams.supervisor import Supervisor
from streams.testing import eventually

COUNT, KILLS = 3_000, 1


@pytest.fixture(scope="module")
def frail(stack: StackForTests, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackForTests]:
    """A stack of this module's own, with few topics: it is back soon after a kill."""
    jars = Layout.of(stack.settings.stack).jars
    own = StackForTests.on_free_ports(tmp_path_factory.mktemp("frail"), jars)
    try:
        own.up()
        yield own
    finally:
        own.discard()


@pytest.mark.timeout(240)
def test_a_broker_that_is_killed_under_load_costs_no_answer_and_doubles_none(
    frail: StackForTests,
) -> None:
    site, ledger = Site.made(frail.settings), Ledger()
    sent = Load(site, requests(COUNT, 50, Random(1)), rate=1_500)
    supervisor = Supervisor(2, only=["echo"], environment=site.environment, settings=site.settings)
    with Watcher(site.settings, [site.results, site.settings.dead_letters], AnswerReader(site, ledger).see) as watcher:
        supervisor.start()
        try:
            sent.start()
            for number in range(KILLS):
                goal = (number + 0.5) / KILLS * COUNT
                assert watcher.wait(lambda goal=goal: ledger.answers >= goal, 60)  # type: ignore[misc]
                frail.kill("kafka")
                frail.up()
            sent.finish()
            watcher.wait(lambda: len(ledger.answered) >= COUNT, 90)
        finally:
            sent.stop()
            supervisor.stop()
    verdict = ledger.verdict(sent.places)
    assert verdict.holds, verdict
    assert aftermath.unsettled(site.settings, [site.results, site.binding.repeats]) == {}
    for slot in supervisor.slots():
        lines = supervisor.log_of(slot).read_text().splitlines()
        assert all(json.loads(line)["event"] for line in lines), "librdkafka writes past the log"


@pytest.mark.parametrize("name", ["kafka", "registry"])
def test_a_worker_that_starts_alone_says_so_waits_and_begins(frail: StackForTests, name: str) -> None:
    site = Site.made(frail.settings)
    with Works(site) as works:
        works.retire(0)
        place = works.ask({"request_id": "early", "payload": b"bird"})
        frail.kill(name)
        pid = works.join(0)
        eventually(lambda: "trying again" in works.said(0) or "starting again" in works.said(0), within=60)
        frail.up()
        assert works.result(place, within=60)["payload"] == b"bird"
        assert works.pid(0) == pid, "the worker itself has waited"
        assert works.letters == {}


def test_a_schema_that_nobody_knows_yet_is_waited_for_while_the_registry_is_away(
    frail: StackForTests,
) -> None:
    site = Site.made(frail.settings, topics={"partitions": 2})
    with Works(site) as works:
        works.result(works.ask({"request_id": "first", "payload": b"1"}, partition=0))
        unknown = newer_client(site)
        frail.kill("registry")
        waiting = works.send(unknown.encode({"request_id": "second", "payload": b"2", "note": "new"}), partition=0)
        behind = works.ask({"request_id": "third", "payload": b"3"}, partition=0)
        beside = works.ask({"request_id": "fourth", "payload": b"4"}, partition=1)
        assert works.result(beside)["payload"] == b"4"
        assert waiting not in works.outcomes
        assert behind not in works.outcomes
        frail.up()
        assert works.result(waiting, within=60)["payload"] == b"2"
        assert works.result(behind)["payload"] == b"3"
        assert works.letters == {}


def newer_client(site: Site) -> Codec:
    """The codec of a client whose schema the worker has never met: a field more."""
    registry = open_registry(site.settings)
    document = json.loads(site.codec("request").schema.text)
    document["fields"].append({"name": "note", "type": "string", "default": ""})
    schema = AvroSchema.read(document)
    registry.register(subject(site.requests), schema)
    codec = Codec(schema, subject(site.requests), registry)
    codec.bind()
    return codec
