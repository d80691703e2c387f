"""Whether a worker is given up as dead before a lane had time to find the one record that hangs."""

from processors.contract import Declaration
from processors.host.patience import standstill_seconds
from schemas.errors import Misconfigured
from streams.settings import Settings


def check_stall(settings: Settings, declaration: Declaration) -> None:
    """Raises Misconfigured if `worker.stall_seconds` is over before a processor's run time-outs are.

    Such a worker would be restarted, meet the same record again, and be restarted for ever.
    """
    if declaration.inline:
        return
    timeout = settings.lane(declaration.name).timeout_seconds or declaration.timeout_seconds
    needed, given = standstill_seconds(timeout), settings.worker.stall_seconds
    if given < needed:
        raise Misconfigured(
            f"worker.stall_seconds = {given:g}: one record of {declaration.name} that hangs holds its batch up for as"
            f" long as {needed:g} s, since lanes.{declaration.name}.timeout_seconds is {timeout:g}, and a restart would"
            f" meet it again; set worker.stall_seconds to {needed:g} or more, or shorten the time-out"
        )
