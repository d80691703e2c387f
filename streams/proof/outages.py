"""Brokers that die, stop in order, or stand still: what a trial does to a local Kafka."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from streams.settings import Settings
from streams.stack import kafka, service
from streams.stack.layout import Layout
from streams.stack.service import Running
from streams.stack.testing import StackForTests

GRACE_SECONDS = 30.0


def broker(settings: Settings) -> Running:
    """The process of the stack's Kafka. Raises LookupError when there is none: it is dead, or a container's."""
    running = service.find(kafka.NAME, Layout.of(settings.stack).root)
    if running is None:
        raise LookupError(f"no process runs the Kafka of {settings.stack.directory}")
    return running


def restart(stack: StackForTests, *, hard: bool) -> None:
    """Kafka is killed (`hard`: kill -9) or ends in order, and is started again; blocks until it is ready."""
    if hard:
        stack.kill(kafka.NAME)
    else:
        service.stop(broker(stack.settings), GRACE_SECONDS)
    stack.up()


@contextmanager
def paused(settings: Settings) -> Iterator[None]:
    """Kafka stands still for a time: it answers nobody, and closes no connection."""
    process = broker(settings).process
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)
