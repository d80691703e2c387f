"""More workers, more partitions, and traffic that one partition takes nearly all of."""

from collections.abc import Iterator
from statistics import median

from bench.contestants import Race
from bench.environment import Bench
from bench.load import fill, request_codec
from bench.pairs import Ratio, take_turns
from bench.workload import Draft, Workload
from schemas.partitioner import partition_for
from streams.proof.rows import Row, reported

ROUNDS = 3
SKEWED = 0.8


def measure(bench: Bench) -> list[Row]:
    """All of it is reported: on two cores, broker included, a second worker has no core of its own."""
    workload = Workload(bench.size(400_000, 50_000), invalid=0.0)
    four = race(bench, workload, 4, skewed=False)
    sixteen = race(bench, workload, 16, skewed=False)
    skewed = race(bench, workload, 4, skewed=True)
    found = take_turns(
        {
            "one": four.worker,
            "two": lambda: four.worker(count=2),
            "sixteen": lambda: sixteen.worker(partitions=16),
            "skewed": skewed.worker,
        },
        1 if bench.quick else ROUNDS,
    )
    bench.delete(four.source, sixteen.source, skewed.source)

    def against_one(name: str) -> Ratio:
        return Ratio(found[name], found["one"])

    rows = [reported("echo, one worker, 4 partitions", median(found["one"]), "records/s")]
    titles = {
        "two": "two workers against one",
        "sixteen": "16 partitions against 4",
        "skewed": "80 % of the traffic on one partition, against evenly",
    }
    return rows + [
        reported(title, against_one(name).value, "x", against_one(name).spread) for name, title in titles.items()
    ]


def race(bench: Bench, workload: Workload, partitions: int, *, skewed: bool) -> Race:
    """The work, on a topic of so many partitions."""
    source = bench.topic("scaling-requests", partitions)
    drafts = workload.drafts(request_codec(bench, "echo", source).encode)
    fill(bench, source, lean(drafts, partitions) if skewed else drafts)
    return Race(bench, source, workload.count, workload.count)


def lean(drafts: Iterator[Draft], partitions: int) -> Iterator[Draft]:
    """The same requests, four fifths of them with keys that lead to partition 0."""
    favoured = [key for key in (b"key-%d" % number for number in range(400)) if partition_for(key, partitions) == 0]
    for number, draft in enumerate(drafts):
        yield draft._replace(key=favoured[number % len(favoured)]) if number % 10 < SKEWED * 10 else draft
