"""The stops that hold now, read from the control topic by a thread of its own."""

import threading
from collections.abc import Callable

import structlog
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from streams.client import connection
from streams.client.errors import ClusterUnreachable, TopicMissing
from streams.client.reading import TopicReader
from streams.renewable import Renewable
from streams.settings import Settings
from streams.stops import Stop, StopKey, unpack, unpack_key

POLL_SECONDS = 0.5
TRY_AGAIN_SECONDS = 2.0

log = structlog.get_logger(__name__)


class StopReader:
    """Follows the control topic from its beginning, for all lanes of a worker.

    `on_change(key, stop)` is called in the reader's thread for each stop and each resumption (None) that comes after
    `start`; it may not block. A cluster that is away is waited for; a control topic that is missing stops nothing.
    """

    def __init__(
        self, settings: Settings, control: str, on_change: Callable[[StopKey, Stop | None], None] | None = None
    ) -> None:
        self._settings, self._control = settings, control
        self._on_change = on_change or (lambda key, stop: None)
        self._ends = Renewable(lambda: TopicReader(settings, "stops"))
        self._stops: dict[StopKey, Stop] = {}
        self._reached: dict[int, int] = {}
        self._moved = threading.Condition()
        self._missing = False
        self._stopping, self._begin_anew = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="stops", daemon=True)

    def start(self) -> None:
        """Starts reading; does not wait."""
        self._thread.start()

    def stop(self, timeout: float = 5.0) -> None:
        """Ends the thread."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(timeout)

    def stops(self) -> dict[StopKey, Stop]:
        """All stops that are known now."""
        with self._moved:
            return dict(self._stops)

    def stopped(self, group: str) -> set[tuple[str, int]]:
        """The stopped partitions of one group."""
        return {(key.topic, key.partition) for key in self.stops() if key.group == group}

    def is_stopped(self, group: str, topic: str, partition: int, timeout: float = 5.0) -> bool:
        """Whether a partition is stopped, asked at its assignment: knows every stop committed before the call.

        Blocks for the cluster's answer; raises ClientError, KafkaException, or TimeoutError when reading does not get
        there.
        """
        self.refresh(timeout)
        with self._moved:
            return StopKey(group, topic, partition) in self._stops

    def refresh(self, timeout: float = 5.0) -> None:
        """Blocks until everything committed to the control topic before the call is known."""
        try:
            places = self._ends.now.partitions([self._control])
            ends = {place[1]: offset for place, offset in self._ends.now.latest(places).items()}
        except TopicMissing:
            return
        except (ClusterUnreachable, KafkaException):
            self._ends.renew()
            raise
        with self._moved:
            there = self._moved.wait_for(
                lambda: all(self._reached.get(number, 0) >= end for number, end in ends.items()), timeout
            )
        if not there:
            self._begin_anew.set()
            raise TimeoutError(f"the control topic {self._control} was not read to its end within {timeout} s")

    def _run(self) -> None:
        """Reads, and on with a new consumer whenever one did not get to the topic's end in time."""
        while not self._stopping.is_set():
            self._begin_anew.clear()
            consumer = connection.consumer(self._settings, "stops", **{"enable.partition.eof": True})
            try:
                if self._assign(consumer):
                    self._follow(consumer)
            finally:
                consumer.close()

    def _assign(self, consumer: Consumer) -> bool:
        """Waits for the topic and assigns what was not read of it yet; False when told to stop meanwhile."""
        while not self._stopping.is_set():
            try:
                found = consumer.list_topics(timeout=connection.ANSWER_SECONDS).topics.get(self._control)
                if found is not None and found.error is None and found.partitions:
                    consumer.assign(
                        [
                            TopicPartition(self._control, number, self._reached.get(number, OFFSET_BEGINNING))
                            for number in found.partitions
                        ]
                    )
                    return True
                self._note_missing()
            except KafkaException as error:
                log.debug("control topic not read", why=str(error))
            self._stopping.wait(TRY_AGAIN_SECONDS)
        return False

    def _note_missing(self) -> None:
        if not self._missing:
            log.warning("no control topic, no partition can be stopped: run `sluicegate init`", topic=self._control)
        self._missing = True

    def _follow(self, consumer: Consumer) -> None:
        while not self._stopping.is_set() and not self._begin_anew.is_set():
            message = consumer.poll(POLL_SECONDS)
            if message is not None:
                self._take(message)

    def _take(self, message: Message) -> None:
        error = message.error()
        if error is None:
            self._note(unpack_key(message.key()), unpack(message.value()))
            self._reach(message, 1)
        elif error.code() == KafkaError._PARTITION_EOF:
            self._reach(message, 0)
        else:
            log.debug("control topic not read", why=error.str())

    def _note(self, key: StopKey | None, stop: Stop | None) -> None:
        if key is None:
            return
        with self._moved:
            if stop is None:
                self._stops.pop(key, None)
            else:
                self._stops[key] = stop
        self._on_change(key, stop)

    def _reach(self, message: Message, more: int) -> None:
        with self._moved:
            self._reached[message.partition() or 0] = (message.offset() or 0) + more
            self._moved.notify_all()


def read_stops(settings: Settings, control: str) -> dict[StopKey, Stop]:
    """The stops that hold now, read once. Blocks; raises TopicMissing or ClusterUnreachable."""
    reader = TopicReader(settings, "stops")
    stops: dict[StopKey, Stop] = {}
    for record in reader.read(reader.spans(reader.partitions([control]))):
        key, stop = unpack_key(record.key), unpack(record.value)
        if key is not None and stop is not None:
            stops[key] = stop
        elif key is not None:
            stops.pop(key, None)
    return stops
