"""One record that troubles the model fails alone, through a real worker and host; kills from outside blame nobody."""

import json
import math
import os
import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random, SystemRandom
from typing import Any

import psutil
import pytest
import structlog

from processors import testing
from processors.testing import Obedient
from schemas.outcome import Code
from streams.crew import Crew
from streams.proof import aftermath, odd_worker
from streams.proof.site import Site
from streams.proof.works import Works
from streams.settings import Settings
from streams.testing import eventually

SIZE, GUILTY = 16, 5
PIECE = 24
KILLS = int(os.environ.get("SLUICEGATE_PROOF_KILLS", "20"))
SEED = int(os.environ.get("SLUICEGATE_PROOF_SEED", SystemRandom().randrange(2**32)))

log = structlog.get_logger(__name__)

TROUBLES = [
    (testing.Failing, {}, Code.PROCESSOR_FAILED),
    (testing.Crashing, {"signal": "SIGSEGV"}, Code.PROCESSOR_CRASHED),
    (testing.Crashing, {"signal": "SIGABRT"}, Code.PROCESSOR_CRASHED),
    (testing.Hanging, {}, Code.PROCESSOR_TIMEOUT),
]


class Post:
    """One supervised worker of a site, whose processor is chosen anew for each test."""

    def __init__(self, works: Works, folder: Path) -> None:
        self.works, self.orders, self.journal = works, folder / "orders.json", folder / "journal"

    def order(self, kind: type[Obedient], **options: str) -> None:
        """What the next worker runs; each of its runs goes to an empty journal."""
        self.journal.write_text("")
        chosen = {"kind": kind.__name__, "options": {"journal": str(self.journal), **options}}
        self.orders.write_text(json.dumps({**chosen, "size": SIZE, "timeout_seconds": 0.5}))

    def runs(self) -> list[list[str]]:
        """The ids of each run on the device."""
        return [line.split() for line in self.journal.read_text().splitlines()]

    def send(self, name: str, payloads: Sequence[bytes], partition: int = -1) -> list[str]:
        """Sends a request for each payload, with the ids `<name>-<number>`; their places."""
        codec = self.works.site.codec("request")
        ids = [f"{name}-{number}" for number in range(len(payloads))]
        records = [
            (codec.encode({"request_id": request_id, "payload": payload}), request_id.encode(), ())
            for request_id, payload in zip(ids, payloads, strict=True)
        ]
        return self.works.send_all(records, partition)

    def ask(self, name: str, payloads: Sequence[bytes]) -> list[dict[str, Any]]:
        """The results of requests that wait together when a new worker comes."""
        self.works.retire(0)
        places = self.send(name, payloads, partition=0)
        self.works.join(0)
        return [self.works.result(place, within=60) for place in places]

    def results(self, places: Sequence[str]) -> list[dict[str, Any]]:
        """The one result of each place."""
        self.works.settled(places, within=60)
        return [self.works.result(place) for place in places]

    def hosts(self) -> list[psutil.Process]:
        """The worker's host, if it is there."""
        try:
            children: list[psutil.Process] = psutil.Process(self.works.pid(0)).children()
        except psutil.NoSuchProcess:
            return []
        return children


@pytest.fixture(scope="module")
def post(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Post]:
    """A site with one slot and a worker in it."""
    folder, site = tmp_path_factory.mktemp("poison"), Site.made(settings)
    crew = Crew(
        logs=folder,
        entry=f"{odd_worker.__name__}:{odd_worker.work.__name__}",
        arguments={"orders": str(folder / "orders.json")},
        environment=site.environment,
    )
    works = Works(site, crew=crew)
    made = Post(works, folder)
    made.order(testing.Obedient)
    with works:
        yield made
    assert aftermath.unsettled(site.settings, [site.results, site.binding.repeats, site.settings.dead_letters]) == {}


def payloads(guilty: int | None = None) -> list[bytes]:
    return [testing.MARK if number == guilty else b"%d" % number for number in range(SIZE)]


@pytest.mark.parametrize(("kind", "options", "code"), TROUBLES, ids=lambda value: getattr(value, "__name__", None))
def test_only_the_record_that_troubles_the_model_fails(
    post: Post, kind: type[Obedient], options: dict[str, str], code: Code
) -> None:
    name = "-".join([kind.__name__, *options.values()])
    post.order(kind, **options)
    results = post.ask(name, payloads(GUILTY))
    guilty = results.pop(GUILTY)
    assert (guilty["status"], guilty["error"]["code"]) == ("FAILED", code)
    neighbours = [payload for payload in payloads(GUILTY) if payload != testing.MARK]
    assert [(result["status"], result["payload"]) for result in results] == [("COMPLETED", one) for one in neighbours]
    runs = post.runs()
    assert max(len(run) for run in runs if f"{name}-{GUILTY}" in run) > 1, "it had no neighbour to blame"
    times = Counter(request_id for run in runs for request_id in run)
    del times[f"{name}-{GUILTY}"]
    assert len(times) == SIZE - 1
    assert max(times.values()) <= 1 + math.log2(SIZE), times


def test_a_batch_that_memory_does_not_hold_is_halved_and_answered(post: Post) -> None:
    post.order(testing.OutOfMemory, fits="4")
    results = post.ask("memory", payloads())
    assert [(one["status"], one["payload"]) for one in results] == [("COMPLETED", payload) for payload in payloads()]
    runs = post.runs()
    assert max(map(len, runs)) > 4, "no batch was too large"
    times = Counter(request_id for run in runs for request_id in run)
    assert max(times.values()) <= 1 + math.log2(SIZE), times


@pytest.mark.timeout(60 + 12 * KILLS)
def test_random_kills_of_hosts_and_workers_blame_no_innocent_record(post: Post) -> None:
    log.info("random kills", seed=SEED)
    chance, works = Random(SEED), post.works
    post.order(testing.Slow, seconds="0.02")
    works.retire(0)
    works.join(0)
    places: list[str] = []
    for number in range(KILLS):
        answered, share = len(places), chance.randrange(PIECE)
        places += post.send(f"innocent-{number}", [b"%d" % row for row in range(PIECE)])
        eventually(lambda: settled(works, places) >= answered + share, within=60, what="answers")  # noqa: B023
        kill(post, chance)
    results = post.results(places)
    expected = [("COMPLETED", b"%d" % row) for _ in range(KILLS) for row in range(PIECE)]
    assert [(result["status"], result["payload"]) for result in results] == expected, (
        f"SLUICEGATE_PROOF_SEED={SEED} repeats this"
    )


def settled(works: Works, places: Sequence[str]) -> int:
    return sum(place in works.outcomes for place in places)


def kill(post: Post, chance: Random) -> None:
    """SIGKILL for the worker, or for its host."""
    if chance.random() < 0.5:
        pid = post.works.supervisor.kill(0)
        eventually(lambda: post.works.supervisor.pids().get(0) not in (None, pid), what="another worker")
        return
    host = eventually(post.hosts, what="a host")[0]
    os.kill(host.pid, signal.SIGKILL)
