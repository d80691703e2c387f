"""Reads the answers as they become visible, as any read_committed consumer would."""

import time
from collections.abc import Mapping

from streams.client.reading import TopicReader
from streams.client.record import Record
from streams.client.spans import Place
from streams.demo.demo_thread import DemoThread
from streams.demo.tally import Tally
from streams.settings import Settings


class Watcher(DemoThread):
    """Follows result topics from `starts`; `processors` says whose each topic is."""

    def __init__(
        self, settings: Settings, starts: Mapping[Place, int], processors: Mapping[str, str], run: str, tally: Tally
    ) -> None:
        super().__init__("demo-watcher")
        self._reader = TopicReader(settings, "demo")
        self._starts, self._processors, self._tally = starts, processors, tally
        self._run = f"{run}-".encode()

    def work(self) -> None:
        """Counts every answer to a request of this run."""
        for record in self._reader.follow(self._starts):
            if self.stopping.is_set():
                return
            if record is not None and (record.key or b"").startswith(self._run):
                self._count(record)

    def _count(self, record: Record) -> None:
        _, partition, _ = (record.header("ce_id") or b":0:").decode().rsplit(":", 2)
        request_id = (record.key or b"").decode()
        self._tally.answer(self._processors[record.topic], request_id, int(partition), time.monotonic())
