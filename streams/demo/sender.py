"""Sends the demo's requests: all sentences at once, as a backlog, and the digits one after the other, as a stream."""

import threading
import time
from collections.abc import Sequence

from streams.client.connection import open_registry, producer
from streams.client.routes import Route, open_route
from streams.client.sending import Sender
from streams.demo.tally import Tally
from streams.demo.work import DIGITS, EMBED, Job, Work
from streams.settings import Settings

DIGITS_A_SECOND = 75


class Sending(threading.Thread):
    """The thread that sends; `problem` is what ended it too early."""

    def __init__(self, settings: Settings, work: Work, tally: Tally) -> None:
        super().__init__(name="demo-sender", daemon=True)
        self._settings, self._work, self._tally = settings, work, tally
        self._stopping = threading.Event()
        self.problem: Exception | None = None

    def stop(self) -> None:
        """Ends it, whatever is left."""
        self._stopping.set()
        self.join()

    def run(self) -> None:
        """Sends everything."""
        try:
            self._send_all()
        except Exception as error:
            self.problem = error

    def _send_all(self) -> None:
        registry = open_registry(self._settings)
        try:
            routes = {name: open_route(self._settings, registry, name) for name in (DIGITS, EMBED)}
        finally:
            registry.close()
        client = producer(self._settings, "demo")
        senders = {name: Sender(self._settings, client, route.topic) for name, route in routes.items()}
        for job in [*self._work.questions, *self._work.texts]:
            self._send(job, routes[EMBED], senders[EMBED])
        self._send_stream(self._work.digits, routes[DIGITS], senders[DIGITS])
        for sender in senders.values():
            sender.finish()

    def _send_stream(self, jobs: Sequence[Job], route: Route, sender: Sender) -> None:
        begin = time.monotonic()
        for number, job in enumerate(jobs):
            if self._stopping.wait(max(0.0, begin + number / DIGITS_A_SECOND - time.monotonic())):
                return
            self._send(job, route, sender)

    def _send(self, job: Job, route: Route, sender: Sender) -> None:
        sender.send(job.request_id.encode(), route.encode(job.record), [])
        self._tally.send(job.processor)
