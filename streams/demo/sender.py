"""Sends the demo's requests: all sentences at once, as a backlog, and the digits one after the other, as a stream."""

import time
from collections.abc import Sequence

from streams.client.connection import open_registry, producer
from streams.client.routes import Route, open_route
from streams.client.sending import Sender
from streams.demo.demo_thread import DemoThread
from streams.demo.tally import Tally
from streams.demo.work import DIGITS, EMBED, Job, Work
from streams.settings import Settings

DIGITS_A_SECOND = 75


class Sending(DemoThread):
    """The thread that sends."""

    def __init__(self, settings: Settings, work: Work, tally: Tally) -> None:
        super().__init__("demo-sender")
        self._settings, self._work, self._tally = settings, work, tally

    def work(self) -> None:
        """Sends everything."""
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
            if self.stopping.wait(max(0.0, begin + number / DIGITS_A_SECOND - time.monotonic())):
                return
            self._send(job, route, sender)

    def _send(self, job: Job, route: Route, sender: Sender) -> None:
        sender.send(job.request_id.encode(), route.encode(job.record), [])
        self._tally.send(job.processor)
