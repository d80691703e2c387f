"""The readers, all with `read_committed`: one that stays, members of a group that come and go, and one afterwards."""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import Any

from confluent_kafka import Consumer, KafkaException

from streams.client.connection import consumer
from streams.client.reading import Assigned, TopicReader
from streams.client.record import Record, from_message, header_text
from streams.proof.history.operations import Poll, Queue, Seen, Spot
from streams.proof.history.recorder import Recorder
from streams.settings import Settings
from streams.verification.facts import spot_of

Read = Callable[[Record], Seen]

POLL_SECONDS, BATCH = 0.2, 200
LAST = "afterwards"


def seen_as(record: Record, value: str) -> Seen:
    """What a reader saw, with the request that an answer names as its cause."""
    cause = spot_of(header_text(record.headers, "ce_id"))
    spot = Spot(Queue(record.topic, record.partition), record.offset)
    return Seen(spot, value, None if cause is None else Spot(Queue(cause.topic, cause.partition), cause.offset))


class Reader(threading.Thread):
    """A reader of some topics, until it is stopped."""

    def __init__(self, settings: Settings, topics: Sequence[str], read: Read, recorder: Recorder, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self.settings, self.topics, self.recorder = settings, list(topics), recorder
        self._read = read
        self.stopping = threading.Event()
        self.problem: BaseException | None = None

    def run(self) -> None:
        """Reads until it is told to stop."""
        try:
            self.follow()
        except BaseException as error:
            self.problem = error

    def cease(self) -> None:
        """Reads no more; does not wait."""
        self.stopping.set()

    def stop(self, seconds: float = 30.0) -> None:
        """Ends it. Raises what it stumbled over."""
        self.cease()
        self.join(seconds)
        if self.problem is not None:
            raise self.problem

    def follow(self) -> None:
        """Reads on and on."""
        raise NotImplementedError

    def note(self, began: float, messages: Iterable[Any], fresh: bool) -> None:
        """Takes what one poll gave; a poll that gave nothing is not worth a line, unless the reader was moved."""
        seen = tuple(self._read(from_message(message)) for message in messages if message.error() is None)
        if seen or fresh:
            self.recorder.poll(Poll(self.name, began, time.monotonic(), seen, fresh))


class Resident(Reader):
    """Reads everything from the beginning, and is never moved."""

    def follow(self) -> None:
        """Reads until stopped; a broker that is away is waited for."""
        reader = TopicReader(self.settings, self.name)
        with Assigned(self.settings, self.name, reader.earliest(reader.partitions(self.topics))) as assigned:
            while not self.stopping.is_set():
                began = time.monotonic()
                self.note(began, assigned.poll(), fresh=False)


class Member(Reader):
    """A member of a group of readers; it leaves for a moment every few seconds, and the others take over meanwhile."""

    def __init__(self, *arguments: Any, group: str, random: Random) -> None:
        super().__init__(*arguments)
        self._group, self._random = group, random
        self._moved = False
        self.stays = 0
        self.refused_commits = 0

    def follow(self) -> None:
        """Joins, reads for a while, and leaves, again and again."""
        while not self.stopping.is_set():
            self.stays += 1
            self._stay(time.monotonic() + self._random.uniform(2.0, 6.0))
            self.stopping.wait(self._random.uniform(0.0, 1.0))

    def _stay(self, until: float) -> None:
        settings = {"group.id": self._group, "auto.offset.reset": "earliest", "session.timeout.ms": 6_000}
        member: Consumer = consumer(self.settings, self.name, **settings)
        self._moved = True
        member.subscribe(self.topics, on_assign=self._note_move, on_revoke=self._note_move, on_lost=self._note_move)
        try:
            while not self.stopping.is_set() and time.monotonic() < until:
                self._poll(member)
        finally:
            member.close()

    def _poll(self, member: Consumer) -> None:
        began = time.monotonic()
        messages = member.consume(BATCH, POLL_SECONDS)
        fresh, self._moved = self._moved, False
        self.note(began, messages, fresh)
        if any(message.error() is None for message in messages):
            self._commit(member)

    def _commit(self, member: Consumer) -> None:
        try:
            offsets = [one for one in member.position(member.assignment()) if one.offset >= 0]
            if offsets:
                member.commit(offsets=offsets, asynchronous=False)
        except KafkaException:
            # The group is being shared out anew, or the broker is away: it will read these again.
            self.refused_commits += 1

    def _note_move(self, *_: object) -> None:
        self._moved = True


def read_afterwards(settings: Settings, topics: Sequence[str], read: Read, recorder: Recorder) -> None:
    """Everything that is there now, as a reader sees it who comes when all is over. Blocks."""
    reader, seen, began = TopicReader(settings, LAST), list[Seen](), time.monotonic()
    for record in reader.read(reader.spans(reader.partitions(topics))):
        seen.append(read(record))
    recorder.poll(Poll(LAST, began, time.monotonic(), tuple(seen)))
