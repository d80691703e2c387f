"""`sluicegate supervise`: keep a number of workers running, each in its slot."""

import signal
import threading
from typing import Annotated

import structlog
import typer

from streams.cli.lanes import Only, named
from streams.exit_codes import ExitCode
from streams.observability.logging import configure
from streams.settings import load
from streams.supervisor import Supervisor

log = structlog.get_logger("supervisor")


def command(
    workers: Annotated[int, typer.Option("--workers", "-n", min=1, max=256, help="How many.")] = 2,
    only: Only = None,
    leave: Annotated[
        bool, typer.Option("--leave", help="At the end give the partitions up at once, for scaling down.")
    ] = False,
    web_port: Annotated[
        int | None,
        typer.Option(
            "--web-port",
            min=1,
            max=65_279,
            help="The worker in slot n serves the web on this port + n; default: worker.web_port.",
        ),
    ] = None,
) -> None:
    """Keep workers running: a dead one is back in its slot in milliseconds. SIGTERM drains them and ends."""
    lanes = named(only)
    settings = load()
    configure(settings.log)
    first_port = web_port or settings.worker.web_port or None
    supervisor = Supervisor(workers, only=lanes, leave=leave, web_port=first_port, settings=settings)
    asked = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked.set())
    supervisor.start()
    log.info("workers ordered", slots=supervisor.slots(), logs=str(supervisor.crew.logs))
    try:
        while not asked.is_set() and not supervisor.wait(0.5):
            pass
        codes = supervisor.stop()
    finally:
        supervisor.stop(timeout=0)
    raise SystemExit(verdict(codes, asked=asked.is_set()))


def verdict(codes: dict[int, int | None], *, asked: bool) -> int:
    """The supervisor's exit code: 0 when every worker drained, else that of the first that did not."""
    bad = [code for code in codes.values() if code not in (ExitCode.OK, None)]
    if not bad:
        return ExitCode.OK
    if asked:
        return ExitCode.FAILED
    return bad[0] if bad[0] > 0 else ExitCode.FAILED
