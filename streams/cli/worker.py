"""`sluicegate worker`: run lanes in this process until it is told to stop."""

from typing import Annotated

import typer

from streams.cli.lanes import Only, named

examples = (
    "sluicegate worker --only digits,embed",
    "sluicegate worker --slot 2 --web-port 8088",
)


def command(
    only: Only = None,
    slot: Annotated[
        int | None, typer.Option("--slot", min=0, help="This worker's slot; the default is a free one.")
    ] = None,
    leave: Annotated[
        bool, typer.Option("--leave", help="At the end give the partitions up at once, for scaling down.")
    ] = False,
    web_port: Annotated[
        int | None,
        typer.Option("--web-port", min=0, max=65_535, help="Port of /health and /metrics; 0 takes a free one."),
    ] = None,
) -> None:
    """Run lanes: read requests, infer, publish results. SIGTERM drains and ends.

    Exit codes: 0 drained, 2 wrong arguments or settings, 73 the slot is held on this machine, 75 another worker
    took the slot over.
    """
    lanes = named(only)
    from streams.worker import work

    raise SystemExit(work(lanes, slot, leave, web_port))
