"""An independent reader with `read_committed`: it follows topics while everything else is in trouble."""

import threading
import time
from collections.abc import Callable, Sequence

from streams.client.reading import Assigned, TopicReader
from streams.client.record import Record, from_message
from streams.proof.ledger import Answer, Checker
from streams.proof.site import Site
from streams.settings import Settings


class Watcher(threading.Thread):
    """Hands every committed record of some topics to `see`, in order within each partition; a context manager."""

    def __init__(self, settings: Settings, topics: Sequence[str], see: Callable[[Record], None]) -> None:
        super().__init__(name="watcher", daemon=True)
        self._settings, self._topics, self._see = settings, topics, see
        self._stopping = threading.Event()
        self._moved = threading.Condition()
        self.problem: BaseException | None = None

    def __enter__(self) -> "Watcher":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Ends the thread."""
        self._stopping.set()
        self.join(10)

    def run(self) -> None:
        """Reads until stopped; a broker that is away is waited for."""
        try:
            reader = TopicReader(self._settings, "watcher")
            starts = reader.earliest(reader.partitions(self._topics))
            with Assigned(self._settings, "watcher", starts) as assigned:
                while not self._stopping.is_set():
                    self._take(assigned)
        except BaseException as error:
            self.problem = error
        with self._moved:
            self._moved.notify_all()

    def wait(self, condition: Callable[[], bool], within: float) -> bool:
        """Blocks until `condition` is true, tried after each read; False when the time is over. Raises the reader's."""
        with self._moved:
            came = self._moved.wait_for(lambda: self.problem is not None or condition(), within)
        if self.problem is not None:
            raise self.problem
        return came

    def _take(self, assigned: Assigned) -> None:
        records = [from_message(message) for message in assigned.poll() if message.error() is None]
        for record in records:
            self._see(record)
        if records:
            with self._moved:
                self._moved.notify_all()


class AnswerReader:
    """Turns a site's result records into the ledger's answers."""

    def __init__(self, site: Site, ledger: Checker) -> None:
        self._codec = site.codec("result")
        self._ledger = ledger

    def see(self, record: Record) -> None:
        """Notes one committed result."""
        result = self._codec.decode(record.value or b"")
        self._ledger.note(
            Answer(
                result["request_id"],
                str(result["status"]),
                result.get("payload"),
                (record.header("ce_id") or b"").decode(),
                record.partition,
                record.offset,
                record.header("replayed") is not None,
                time.monotonic(),
            )
        )
