"""The transport alone, raw bytes in and out, exactly once, against Kafka Streams with one thread."""

from statistics import median

from bench.contestants import Race
from bench.environment import Bench
from bench.load import fill
from bench.pairs import Ratio, take_turns
from bench.workload import Draft
from streams.proof.rows import Row, at_least, reported

ROUNDS = 3
SIZE = 200


def measure(bench: Bench) -> list[Row]:
    """Two million records of 200 bytes; both in their steady state."""
    records = bench.size(2_000_000, 200_000)
    source = bench.topic("raw-requests")
    filler = b"x" * (SIZE - 9)
    fill(bench, source, (Draft(b"%d" % number, b"%09d" % number + filler, []) for number in range(records)))
    race = Race(bench, source, records, records)
    rounds = 1 if bench.quick else ROUNDS
    found = take_turns({"lane": race.raw_lane, "streams": race.kafka_streams}, rounds)
    bench.delete(source)
    ratio = Ratio(found["lane"], found["streams"])
    return [
        reported("transport, bytes, exactly-once", median(found["lane"]), "records/s"),
        reported("transport, Kafka Streams exactly_once_v2", median(found["streams"]), "records/s"),
        at_least("transport against Kafka Streams", ratio.value, "x", 1.0, ratio.spread),
    ]
