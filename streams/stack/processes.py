"""The local stack as processes of this machine."""

import time
from pathlib import Path

from streams.mistake import UserMistake
from streams.settings import Settings
from streams.stack import archive, kafka, logins, ports, registry, secure_kafka, secure_registry, service
from streams.stack.layout import Layout
from streams.stack.service import Running
from streams.stack.state import NAMES, READY, Report, State

GRACE_SECONDS = 30.0
POLL_SECONDS = 0.05


def up(settings: Settings, layout: Layout, report: Report) -> None:
    """Have both running and ready; blocks until they are, and stops what it started if that fails."""
    started: list[Running] = []
    try:
        for names in turns(layout):
            running = start(names, settings, layout, report, started)
            wait(running, layout, settings.stack.start_seconds, report)
            if layout.secure and kafka.NAME in names:
                secure_kafka.let_in(layout, f"{ports.HOST}:{settings.stack.kafka_port}", logins.read(layout.secrets))
    except BaseException:
        for one in reversed(started):
            service.stop(one, GRACE_SECONDS)
        raise


def turns(layout: Layout) -> list[tuple[str, ...]]:
    """What starts at once: both; but a secured Kafka lets the registry in only when it knows its password."""
    return [(name,) for name in NAMES] if layout.secure else [NAMES]


def down(layout: Layout, report: Report) -> list[str]:
    """Stop what runs; blocks until it is gone. The names of what was stopped."""
    running = [one for name in reversed(NAMES) if (one := service.find(name, layout.root))]
    for one in running:
        report(one.name, "stopping")
        in_time = service.stop(one, GRACE_SECONDS)
        (archive.keep if in_time else archive.drop)(one.name, layout)
        report(one.name, "stopped" if in_time else f"killed: it did not end in {GRACE_SECONDS:g} s")
    return [one.name for one in running]


def state(name: str, settings: Settings, layout: Layout) -> State:
    """One service now."""
    running = service.find(name, layout.root)
    log = str(layout.logs / f"{name}.log")
    if running is None:
        return State(name, chosen_port(name, settings), False, False, None, None, log)
    healthy = READY[name](running.port, secrets_of(running, layout))
    return State(name, running.port, True, healthy, running.pid, running.since, log)


def secrets_of(running: Running, layout: Layout) -> Path | None:
    """Where the log-in to this service is; None where it needs none."""
    return layout.secrets if running.secure else None


def chosen_port(name: str, settings: Settings) -> int:
    """The port that the settings give a service."""
    return settings.stack.kafka_port if name == kafka.NAME else settings.stack.registry_port


def start(
    names: tuple[str, ...], settings: Settings, layout: Layout, report: Report, started: list[Running]
) -> list[Running]:
    """Start those of the names that do not run; `started` gets each as it starts. All of them, not yet ready."""
    running: list[Running] = []
    for name in names:
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
        elif one.secure != layout.secure:
            runs, wanted = ("secured", "not") if one.secure else ("not secured", "so")
            raise UserMistake(f"{name} runs {runs}, and it is to be {wanted}: run `sluicegate down` first")
        running.append(one)
    return running


def launch(name: str, settings: Settings, layout: Layout) -> Running:
    """Start one service, its ports checked and its files in place."""
    address = "kafka.bootstrap_servers" if name == kafka.NAME else "registry.url"
    ports.require(chosen_port(name, settings), f"stack.{name}_port", address)
    if name == registry.NAME:
        if layout.secure:
            secure_registry.write(layout.secrets, settings.stack.registry_port, logins.read(layout.secrets))
        return service.start(registry.service(settings, layout))
    ports.require(settings.stack.controller_port, "stack.controller_port")
    kafka.prepare(settings, layout)
    return service.start(kafka.service(settings, layout))


def wait(running: list[Running], layout: Layout, seconds: float, report: Report) -> None:
    """Block until all are ready.

    Raises UserMistake, with the end of the service's log, when one ends or the time is up.
    """
    deadline = time.monotonic() + seconds
    waiting = list(running)
    while waiting:
        for one in list(waiting):
            if READY[one.name](one.port, secrets_of(one, layout)):
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
