"""Start and stop the local stack; safe to call twice, and at once from several terminals."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from filelock import FileLock, Timeout

from streams.mistake import UserMistake
from streams.settings import Settings
from streams.stack import broker, jars, kafka, ports, registry, service
from streams.stack.layout import Layout
from streams.stack.service import Running

NAMES = (kafka.NAME, registry.NAME)
READY: dict[str, Callable[[int], bool]] = {kafka.NAME: broker.is_ready, registry.NAME: registry.is_ready}
GRACE_SECONDS = 20.0
POLL_SECONDS = 0.05

Report = Callable[[str, str], None]
"""Called with the name of a service (or `jars`) and what it is doing now."""


@dataclass(frozen=True, slots=True)
class State:
    """One service at a moment; `since` in seconds since 1970."""

    name: str
    port: int
    pid: int | None
    since: float | None
    healthy: bool
    log: str


def silent(_name: str, _phase: str) -> None:
    """Report to nobody."""


def up(settings: Settings, report: Report = silent) -> list[State]:
    """Have Kafka and the registry running and ready; blocks until they are.

    What runs already is left alone. Raises UserMistake when something is missing, a port is in use, or a service does
    not get ready in time; what this call started is stopped again then.
    """
    layout = Layout.of(settings.stack)
    layout.make()
    jars.fetch(layout.jars, lambda line: report("jars", line))
    with alone(layout, report):
        started: list[Running] = []
        try:
            running = start(settings, layout, report, started)
            wait(running, layout, settings.stack.start_seconds, report)
            registry.guard_compatibility(settings.stack.registry_port)
        except BaseException:
            for one in reversed(started):
                service.stop(one, GRACE_SECONDS)
            raise
    return status(settings)


def down(settings: Settings, report: Report = silent) -> list[Running]:
    """Stop what runs, the registry before Kafka; blocks until it is gone. What was stopped."""
    layout = Layout.of(settings.stack)
    layout.make()
    with alone(layout, report):
        running = [one for name in reversed(NAMES) if (one := service.find(name, layout.root))]
        for one in running:
            report(one.name, "stopping")
            in_time = service.stop(one, GRACE_SECONDS)
            report(one.name, "stopped" if in_time else f"killed: it did not end in {GRACE_SECONDS:g} s")
    return running


def status(settings: Settings) -> list[State]:
    """What runs now, and whether it answers."""
    layout = Layout.of(settings.stack)
    return [state(name, settings, layout) for name in NAMES]


def state(name: str, settings: Settings, layout: Layout) -> State:
    """One service now."""
    running = service.find(name, layout.root)
    log = str(layout.logs / f"{name}.log")
    if running is None:
        return State(name, chosen_port(name, settings), None, None, False, log)
    return State(name, running.port, running.pid, running.since, READY[name](running.port), log)


def chosen_port(name: str, settings: Settings) -> int:
    """The port that the settings give a service."""
    return settings.stack.kafka_port if name == kafka.NAME else settings.stack.registry_port


@contextmanager
def alone(layout: Layout, report: Report) -> Iterator[None]:
    """Hold the stack's lock; another `up` or `down` is waited for."""
    lock = FileLock(layout.lock)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        report("stack", "waiting for another `sluicegate up` or `down`")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def start(settings: Settings, layout: Layout, report: Report, started: list[Running]) -> list[Running]:
    """Start what does not run; `started` gets each as it starts. Both, not yet ready."""
    running: list[Running] = []
    for name in NAMES:
        one = service.find(name, layout.root)
        if one is None:
            report(name, "starting")
            one = launch(name, settings, layout)
            started.append(one)
        elif one.port != chosen_port(name, settings):
            raise UserMistake(
                f"{name} runs on port {one.port}, but the settings say {chosen_port(name, settings)}: "
                "run `sluicegate down` first"
            )
        running.append(one)
    return running


def launch(name: str, settings: Settings, layout: Layout) -> Running:
    """Start one service, its ports checked and its files in place."""
    ports.require(chosen_port(name, settings), f"stack.{name}_port", address(name))
    if name == registry.NAME:
        return service.start(registry.service(settings, layout))
    ports.require(settings.stack.controller_port, "stack.controller_port", "nothing else")
    kafka.prepare(settings, layout)
    return service.start(kafka.service(settings, layout))


def address(name: str) -> str:
    """The setting by which clients find a service."""
    return "kafka.bootstrap_servers" if name == kafka.NAME else "registry.url"


def wait(running: list[Running], layout: Layout, seconds: float, report: Report) -> None:
    """Block until all are ready.

    Raises UserMistake, with the end of the service's log, when one ends or the time is up.
    """
    deadline = time.monotonic() + seconds
    waiting = list(running)
    while waiting:
        for one in list(waiting):
            if READY[one.name](one.port):
                report(one.name, "ready")
                waiting.remove(one)
            elif not one.is_alive():
                raise UserMistake(f"{one.name} ended while it started: {last_words(one.name, layout)}")
        if waiting and time.monotonic() > deadline:
            names = " and ".join(one.name for one in waiting)
            raise UserMistake(f"{names} not ready after {seconds:g} s: {last_words(waiting[0].name, layout)}")
        time.sleep(POLL_SECONDS)


def last_words(name: str, layout: Layout) -> str:
    """What a service said at its end: its last error, else its last line; and where the rest is."""
    lines: list[str] = []
    for path in (layout.logs / f"{name}.log", layout.logs / f"{name}.out"):
        if path.is_file():
            lines += [line for line in path.read_text(errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines if "ERROR" in line or "Exception" in line or "Error:" in line]
    said = (errors or lines or ["it said nothing"])[-1]
    return f"{said[:300]} (more in {layout.logs / name}.log)"


def as_row(one: State) -> dict[str, Any]:
    """A state as JSON has it."""
    return {
        "name": one.name,
        "running": one.pid is not None,
        "healthy": one.healthy,
        "port": one.port,
        "pid": one.pid,
        "since": one.since,
        "log": one.log,
    }
