"""What other threads need of the lane's group member, without touching its consumer.

confluent-kafka serialises the calls on one consumer: a second thread waits while the first polls, without end beside a
busy poll loop. So the intake thread alone calls it; here it leaves the group metadata, and takes commits to make.
"""

import struct
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

NOT_A_MEMBER = b""
REFRESH_SECONDS = 0.05
"""How old the metadata may be: as long as an idle poll takes, within which the group may change as well."""

GENERATION_AT = len(b"CGMDv2:")


class Membership:
    """Shared between a lane's intake thread, which calls `serve`, and its other threads."""

    def __init__(self) -> None:
        self.metadata = NOT_A_MEMBER
        self._fresh_until = 0.0
        self._asked: deque[tuple[list[TopicPartition], Future[None]]] = deque()
        self._sent: deque[tuple[list[TopicPartition], Future[None]]] = deque()

    @property
    def member(self) -> bool:
        """Whether the group has taken us in."""
        return generation(self.metadata) >= 0

    @property
    def busy(self) -> bool:
        """Whether a commit waits to be made or answered: the poll loop should turn quickly."""
        return bool(self._asked or self._sent)

    def commit(self, offsets: Sequence[TopicPartition], timeout: float) -> None:
        """Commits offsets outside a transaction; blocks. Raises KafkaException, TimeoutError."""
        answer: Future[None] = Future()
        self._asked.append((list(offsets), answer))
        answer.result(timeout)

    def serve(self, consumer: Consumer) -> None:
        """By the intake thread, between polls: refreshes the metadata and makes what was asked for."""
        now = time.monotonic()
        if now >= self._fresh_until:
            # Not each time: another thread of librdkafka answers, and the interpreter lock is held meanwhile.
            self.metadata = consumer.consumer_group_metadata()
            self._fresh_until = now + REFRESH_SECONDS if self.member else 0.0
        while self._asked:
            offsets, answer = self._asked.popleft()
            self._sent.append((offsets, answer))
            consumer.commit(offsets=offsets, asynchronous=True)

    def serve_in_callback(self, consumer: Consumer) -> None:
        """As `serve`, from a rebalance callback, where no other callback can be waited for: commits one by one.

        What was sent before is committed once more, since its answer can't come now either.
        """
        asked = [self._asked.popleft() for _ in range(len(self._asked))]
        for offsets, answer in [*self._sent, *asked]:
            if answer.done():
                continue
            try:
                consumer.commit(offsets=offsets, asynchronous=False)
                answer.set_result(None)
            except KafkaException as error:
                answer.set_exception(error)

    def committed(self, error: KafkaError | None, offsets: list[TopicPartition]) -> None:
        """The consumer's `on_commit` callback: answers come in the order of the commits."""
        if not self._sent:
            return
        _, answer = self._sent.popleft()
        if answer.done():
            return
        problem = error or next((offset.error for offset in offsets if offset.error is not None), None)
        if problem is None:
            answer.set_result(None)
        else:
            answer.set_exception(KafkaException(problem))


def member_id(metadata: bytes) -> str:
    """The member id in it: after the generation stand group and member, each closed by a zero byte."""
    parts = metadata[GENERATION_AT + 4 :].split(b"\0")
    return parts[1].decode(errors="replace") if len(parts) > 1 else ""


def generation(metadata: bytes) -> int:
    """The group generation in librdkafka's serialised group metadata ("CGMDv2:", int32); -1 when not in the group."""
    if len(metadata) < GENERATION_AT + 4:
        return -1
    return int(struct.unpack_from("=i", metadata, GENERATION_AT)[0])
