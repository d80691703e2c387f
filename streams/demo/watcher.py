"""Reads the answers as they become visible, as any read_committed consumer would."""

import threading
import time
from collections.abc import Mapping

from streams.client.reading import TopicReader
from streams.client.record import Record
from streams.client.spans import Place
from streams.demo.tally import Tally
from streams.settings import Settings


class Watcher(threading.Thread):
    """Follows result topics from `starts`; `processors` says whose each topic is. `problem` is what ended it."""

    def __init__(
        self, settings: Settings, starts: Mapping[Place, int], processors: Mapping[str, str], run: str, tally: Tally
    ) -> None:
        super().__init__(name="demo-watcher", daemon=True)
        self._reader = TopicReader(settings, "demo")
        self._starts, self._processors, self._tally = starts, processors, tally
        self._run = f"{run}-".encode()
        self._stopping = threading.Event()
        self.problem: Exception | None = None

    def stop(self) -> None:
        """Ends it within a moment."""
        self._stopping.set()
        self.join()

    def run(self) -> None:
        """Counts every answer to a request of this run."""
        try:
            for record in self._reader.follow(self._starts):
                if self._stopping.is_set():
                    return
                if record is not None and (record.key or b"").startswith(self._run):
                    self._count(record)
        except Exception as error:
            self.problem = error

    def _count(self, record: Record) -> None:
        _, partition, _ = (record.header("ce_id") or b":0:").decode().rsplit(":", 2)
        request_id = (record.key or b"").decode()
        self._tally.answer(self._processors[record.topic], request_id, int(partition), time.monotonic())
