"""One worker process from its arguments to its exit code: settings, slot, logging, then the app."""

from collections.abc import Sequence

from schemas.errors import Misconfigured
from streams.cli.errors import complain
from streams.exit_codes import ExitCode
from streams.observability.logging import configure
from streams.settings import Settings, load, override
from streams.slots import Slot, SlotTaken, claim


def work(
    only: Sequence[str] = (),
    number: int | None = None,
    leave: bool = False,
    web_port: int | None = None,
    claimed: bool = False,
) -> int:
    """Runs the lanes named in this process until it is told to stop; the exit code.

    None named: those of the settings, else all.

    `claimed`: the caller holds the slot `number` for this process. Ends the process with USAGE for settings that can't
    work: starting again would not help. Raises what else the user can mend.
    """
    settings = with_web_port(load(), web_port)
    configure(settings.log)
    slot = take_slot(settings, number, claimed)
    # Imported late: a slot that is taken is answered without waiting for Faust.
    from streams.app import run

    try:
        return run(settings, tuple(only) or settings.worker.lanes, slot, leave)
    except Misconfigured as wrong:
        complain(str(wrong), ExitCode.USAGE)


def take_slot(settings: Settings, number: int | None, claimed: bool) -> Slot:
    """This process's slot; ends the process with one line and SLOT_TAKEN when another one holds it."""
    if claimed and number is not None:
        return Slot(number, "supervisor")
    try:
        return claim(settings, number)
    except SlotTaken as taken:
        complain(str(taken), ExitCode.SLOT_TAKEN)


def with_web_port(settings: Settings, port: int | None) -> Settings:
    """The settings with this web port, where one is given."""
    if port is None:
        return settings
    return override(settings, {"worker": settings.worker.model_copy(update={"web_port": port})})
