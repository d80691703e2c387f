"""Fills a topic with requests, before anything is measured."""

from collections.abc import Iterable

from confluent_kafka import Producer

from bench.environment import Bench
from bench.workload import Draft, Workload
from schemas import avsc
from schemas.codec import Codec
from schemas.subjects import subject

POLL_EVERY = 1_000


def fill_with_requests(bench: Bench, topic: str, workload: Workload) -> int:
    """Produces the workload; returns how many of the requests can be read (the others are dead letters)."""
    readable = 0

    def counted() -> Iterable[Draft]:
        nonlocal readable
        for draft in workload.drafts(request_codec(bench, "echo", topic).encode):
            readable += draft.readable
            yield draft

    fill(bench, topic, counted())
    return readable


def request_codec(bench: Bench, processor: str, topic: str) -> Codec:
    """A bound codec of a processor's requests on this topic; registers the schema."""
    registry = bench.registry()
    schema = avsc.load(processor, "request")
    registry.register(subject(topic), schema)
    codec = Codec(schema, subject(topic), registry)
    codec.bind()
    registry.close()
    return codec


def fill(bench: Bench, topic: str, drafts: Iterable[Draft], partition: int = -1) -> None:
    """Produces drafts; blocks until all are acknowledged."""
    producer = Producer(
        {
            "bootstrap.servers": bench.bootstrap,
            "linger.ms": 20,
            "batch.size": 1 << 20,
            "queue.buffering.max.messages": 500_000,
            "partitioner": "murmur2_random",
            "message.max.bytes": 4 << 20,
            "acks": "1",
        }
    )
    for number, draft in enumerate(drafts):
        while True:
            try:
                producer.produce(topic, draft.value, draft.key, partition, headers=draft.headers or None)  # type: ignore[arg-type] # list is invariant
                break
            except BufferError:
                producer.poll(0.05)
        if number % POLL_EVERY == 0:
            producer.poll(0)
    if producer.flush(120):
        raise TimeoutError(f"{topic} could not be filled")
