"""What is left when a proof is over: transactions that are still open, and how often the group was rebalanced."""

import struct
import subprocess
from collections.abc import Iterable, Sequence

from confluent_kafka import Consumer, IsolationLevel, TopicPartition

from streams.client.connection import ANSWER_SECONDS, admin, consumer, require_topics
from streams.client.reading import OffsetSpec, TopicReader
from streams.settings import Settings
from streams.stack import tools

GROUPS = "__consumer_offsets"
GROUP_METADATA_KEY = 2
DONE = frozenset({"CompleteCommit", "CompleteAbort", "Empty", "Dead"})


def unsettled(settings: Settings, topics: Sequence[str]) -> dict[str, int]:
    """How many records of each partition lie behind an open transaction; empty when none does."""
    client = admin(settings)
    counts = require_topics(client, settings, topics)
    places = [TopicPartition(topic, number) for topic, count in counts.items() for number in range(count)]
    high, stable = (
        client.list_offsets(
            {place: OffsetSpec.latest() for place in places},
            isolation_level=level,
            request_timeout=ANSWER_SECONDS,
        )
        for level in (IsolationLevel.READ_UNCOMMITTED, IsolationLevel.READ_COMMITTED)
    )
    behind = {
        f"{place.topic}[{place.partition}]": high[place].result().offset - stable[place].result().offset
        for place in places
    }
    return {place: count for place, count in behind.items() if count}


def open_transactions(settings: Settings, prefix: str) -> list[str]:
    """The transactional ids with this prefix that Kafka's own tool does not call finished. Blocks: it starts Java."""
    command = tools.command("transactions", ["list"], settings)
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    rows = [line.split() for line in said.splitlines() if line.startswith(prefix)]
    return [f"{row[0]} {row[-1]}" for row in rows if row[-1] not in DONE]


def generations(settings: Settings, group: str) -> int:
    """The group's highest generation: one for each rebalance since it was made, its first included."""
    reader = TopicReader(settings, "generations")
    spans = reader.spans(reader.partitions([GROUPS]))
    found = [generation for record in reader.read(spans) for generation in _generation(record.key, record.value, group)]
    return max(found, default=0)


def _generation(key: bytes | None, value: bytes | None, group: str) -> Iterable[int]:
    """The generation in a record of the group's metadata: version, protocol's type (a string), generation."""
    if not key or not value or struct.unpack_from(">h", key)[0] != GROUP_METADATA_KEY:
        return
    if key[4:].decode() != group:
        return
    length = struct.unpack_from(">h", value, 2)[0]
    yield int(struct.unpack_from(">i", value, 4 + max(0, length))[0])


def committed(settings: Settings, group: str, places: Sequence[tuple[str, int]]) -> dict[tuple[str, int], int]:
    """The group's committed offsets, pending ones waited for."""
    asking: Consumer = consumer(settings, "proof", **{"group.id": group})
    try:
        found = asking.committed([TopicPartition(*place) for place in places], timeout=ANSWER_SECONDS)
        return {(place.topic, place.partition): place.offset for place in found}
    finally:
        asking.close()
