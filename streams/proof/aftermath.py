"""What is left when a proof is over: transactions that are still open, and how often the group was rebalanced."""

import struct
import subprocess
from collections.abc import Sequence

from confluent_kafka import IsolationLevel, TopicPartition

from streams.client.connection import ANSWER_SECONDS, admin, require_topics
from streams.client.login import WatchedAdmin
from streams.client.reading import OffsetSpec, TopicReader
from streams.settings import Settings
from streams.stack import tools

GROUPS = "__consumer_offsets"
GROUP_METADATA_KEY = 2
DONE = frozenset({"CompleteCommit", "CompleteAbort", "Empty", "Dead"})


def unsettled(settings: Settings, topics: Sequence[str], client: WatchedAdmin | None = None) -> dict[str, int]:
    """How many records of each partition lie behind an open transaction; empty when none does."""
    client = client or admin(settings)
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
    return max((generation(record.key, record.value, group) for record in reader.read(spans)), default=0)


def generation(key: bytes | None, value: bytes | None, group: str) -> int:
    """The generation that a record of Kafka's own topic of groups tells, or 0 if it is not of this group.

    Its value begins with a version, the protocol's type (a string, or -1) and the generation.
    """
    if not key or not value or struct.unpack_from(">h", key)[0] != GROUP_METADATA_KEY or key[4:].decode() != group:
        return 0
    length = struct.unpack_from(">h", value, 2)[0]
    return int(struct.unpack_from(">i", value, 4 + max(0, length))[0])
