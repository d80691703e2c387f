"""Workers that died though nobody killed them: no trial holds with one."""

from streams.supervisor import Supervisor


def crashed(supervisor: Supervisor) -> tuple[str, ...]:
    """A line for each slot with such workers."""
    return tuple(
        f"{count} workers of slot {slot} ended by a defect: see {supervisor.log_of(slot)}"
        for slot, count in supervisor.crashes().items()
    )
