"""Start and stop the local stack; safe to call twice, and at once from several terminals."""

from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from streams.binding import tenants_of
from streams.mistake import UserMistake
from streams.settings import Settings
from streams.stack import containers, jars, kafka, logins, processes, programs, registry
from streams.stack.layout import Layout
from streams.stack.state import NAMES, READY, Report, State, silent


def up(settings: Settings, report: Report = silent) -> list[State]:
    """Have Kafka and the registry running and ready; blocks until they are.

    What runs already is left alone. Raises UserMistake when something is missing, a port is in use, or a service does
    not get ready in time; what this call started is stopped again then.
    """
    layout = Layout.of(settings.stack)
    layout.make()
    in_docker = programs.engine(settings.stack.engine) == "docker"
    if in_docker and layout.secure:
        raise UserMistake("a secured stack runs from Java alone, not in Docker: install Java, or leave --secure out")
    if not in_docker:
        programs.java()
        jars.fetch(layout.jars, lambda line: report("jars", line))
    with alone(layout, report):
        if in_docker:
            report("stack", "starting in Docker")
            containers.up(settings)
            report("stack", "ready")
        else:
            if layout.secure:
                write_logins(settings, layout)
            processes.up(settings, layout, report)
        registry.guard_compatibility(settings.stack.registry_port, layout.secrets if layout.secure else None)
    return status(settings)


def write_logins(settings: Settings, layout: Layout) -> None:
    """Have passwords and certificates, and a settings file for each role and tenant."""
    # Imported late: only this needs to know the lanes.
    from streams.stack import role_files

    role_files.write(settings, layout, logins.have(layout, tenants_of(settings)))


def down(settings: Settings, report: Report = silent) -> list[str]:
    """Stop what runs, the registry before Kafka; blocks until it is gone. The names of what was stopped."""
    layout = Layout.of(settings.stack)
    layout.make()
    with alone(layout, report):
        if programs.engine(settings.stack.engine) == "docker":
            return containers.down(settings)
        return processes.down(layout, report)


def status(settings: Settings) -> list[State]:
    """What runs now, and whether it answers."""
    layout = Layout.of(settings.stack)
    if programs.engine(settings.stack.engine) == "java":
        return [processes.state(name, settings, layout) for name in NAMES]
    running = {row["Service"] for row in containers.rows(settings) if row.get("State") == "running"}
    return [contained(name, name in running, settings) for name in NAMES]


def contained(name: str, running: bool, settings: Settings) -> State:
    """One service that Docker runs."""
    port = settings.stack.kafka_port if name == kafka.NAME else settings.stack.registry_port
    log = " ".join(["docker", *containers.command(settings, "logs", name)[1:]])
    return State(name, port, running, running and READY[name](port, None), None, None, log)


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
