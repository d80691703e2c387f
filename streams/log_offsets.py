"""Where partitions' logs begin and end, asked of whoever leads them now.

With each such question librdkafka's admin client names the epoch of the leader that it remembers. After an election, or
when a broker was taken for dead for a moment, that is refused; and the client goes on asking with the same epoch, for
minutes.
"""

from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from typing import Any

from confluent_kafka import IsolationLevel, KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient

OUTDATED = frozenset(
    {KafkaError.FENCED_LEADER_EPOCH, KafkaError.UNKNOWN_LEADER_EPOCH, KafkaError.NOT_LEADER_FOR_PARTITION}
)


def is_outdated(error: KafkaException) -> bool:
    """Whether the client has to learn who leads a partition before it asks again."""
    return error.args[0].code() in OUTDATED


def learn_leaders(admin: AdminClient, topics: Iterable[str], timeout: float) -> "list[Future[Any]]":
    """Has the client ask who leads these topics' partitions; returns at once, and it knows when these are done."""
    wanted = sorted(set(topics))
    return list(admin.describe_topics(TopicCollection(wanted), request_timeout=timeout).values())


def log_offsets(
    admin: AdminClient, question: Mapping[TopicPartition, Any], level: IsolationLevel, timeout: float
) -> dict[TopicPartition, int]:
    """The offset of each partition that its `OffsetSpec` asks for. Blocks; raises KafkaException."""
    try:
        return _asked(admin, question, level, timeout)
    except KafkaException as error:
        if not is_outdated(error):
            raise
    for learnt in learn_leaders(admin, (place.topic for place in question), timeout):
        learnt.result()
    return _asked(admin, question, level, timeout)


def _asked(
    admin: AdminClient, question: Mapping[TopicPartition, Any], level: IsolationLevel, timeout: float
) -> dict[TopicPartition, int]:
    answers = admin.list_offsets(dict(question), isolation_level=level, request_timeout=timeout)
    return {place: future.result().offset for place, future in answers.items()}
