"""From kill -9 of the orchestrator to its next transition, with few and with many sagas in the store."""

import threading
import time
from statistics import median

from confluent_kafka import Consumer, Producer, TopicPartition

from bench.environment import Bench
from bench.programs import ROOT
from bench.progress import watch
from bench.saga_definitions import WAITING
from bench.saga_ground import Ground, ground, named
from streams.crew import Crew
from streams.proof.rows import Row, at_most, say
from streams.supervisor import Supervisor

RATE = 200
STEADY_SECONDS, LONGEST_SECONDS = 3.0, 60.0
GOALS = {1_000: 1.5, 100_000: 5.0}


def measure(bench: Bench) -> list[Row]:
    """Each store is filled before; starts of more sagas are under way all the while."""
    rows = []
    for running, goal in GOALS.items():
        gaps = recoveries(bench, min(running, bench.size(running, 2_000)), bench.size(4, 2))
        title = f"recovery, {running:,} running sagas"
        rows.append(at_most(title, max(gaps), "s", goal, f"median {median(gaps):.2f} of {len(gaps)} kills"))
    return rows


def recoveries(bench: Bench, running: int, kills: int) -> list[float]:
    """Seconds from each kill to the first transition after it."""
    with ground(bench) as site:
        site.start(WAITING, named("waiting", running))
        with site.orchestrator() as program:
            watch(bench.bootstrap, site.outcomes, running, [program])
        return killed_again_and_again(site, kills)


def killed_again_and_again(site: Ground, kills: int) -> list[float]:
    """The same on a store that is filled."""
    supervisor = Supervisor(
        1,
        settings=site.settings,
        slots=[0],
        crew=Crew(
            logs=site.settings.stack.directory / "logs",
            entry="bench.saga_worker:supervised",
            preload=(*Crew.preload, "bench.saga_worker:warm"),
            environment={**site.environment, "PYTHONPATH": str(ROOT)},
        ),
    )
    gaps = []
    supervisor.start()
    try:
        with Starts(site), Transitions(site) as transitions:
            site.wait_ready(0)
            for _ in range(kills):
                transitions.wait_for(time.time() + STEADY_SECONDS)
                supervisor.kill(0)
                killed = time.time()
                gaps.append(transitions.wait_for(killed) - killed)
                say(f"transitions again {gaps[-1]:.2f} s after a kill")
        return gaps
    finally:
        supervisor.stop(10)


class Transitions:
    """Follows the history as a reader of committed records; a context manager."""

    def __init__(self, site: Ground) -> None:
        history = site.settings.sagas.history
        self._consumer = Consumer(
            {
                "bootstrap.servers": site.bench.bootstrap,
                "group.id": site.bench.name("transitions"),
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "fetch.wait.max.ms": 10,
                "fetch.queue.backoff.ms": 2,
            }
        )
        places = [
            TopicPartition(history, number)
            for number in self._consumer.list_topics(history, timeout=20).topics[history].partitions
        ]
        for place in places:
            place.offset = self._consumer.get_watermark_offsets(place, timeout=20)[1]
        self._consumer.assign(places)

    def __enter__(self) -> "Transitions":
        return self

    def __exit__(self, *_: object) -> None:
        self._consumer.close()

    def wait_for(self, moment: float) -> float:
        """When the first transition that was written after this moment could be read. Raises TimeoutError."""
        deadline = time.time() + LONGEST_SECONDS
        while time.time() < deadline:
            message = self._consumer.poll(0.1)
            if message is not None and message.error() is None and message.timestamp()[1] > moment * 1000:
                return time.time()
        raise TimeoutError("no saga went on")


class Starts:
    """Starts sagas at a steady rate, until its end; a context manager."""

    def __init__(self, site: Ground) -> None:
        self._site = site
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._send, daemon=True)

    def __enter__(self) -> "Starts":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join(10)

    def _send(self) -> None:
        properties = {"bootstrap.servers": self._site.bench.bootstrap, "linger.ms": 0, "partitioner": "murmur2_random"}
        producer = Producer(properties)
        for draft in self._site.drafts(WAITING, named("flow", 1_000_000)):
            if self._stopping.wait(1 / RATE):
                break
            producer.produce(self._site.inbox, draft.value, draft.key)
            producer.poll(0)
        producer.flush(10)
