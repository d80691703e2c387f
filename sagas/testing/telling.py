"""How a saga stands, in words for a test's message."""

from sagas.effects import Send
from sagas.instance import Direction, Instance, SignalStatus


def told_command(send: Send) -> str:
    """A command in short."""
    label = send.step if send.direction is Direction.FORWARD else f"the undo of {send.step}"
    return label if send.attempt == 1 else f"{label} (attempt {send.attempt})"


def told_outstanding(sends: list[Send], saga: Instance | None) -> str:
    """What a saga waits for, and how it stands."""
    if saga is None:
        return "there is no saga: it was not started, or is forgotten"
    awaited = [f"the signal {name}" for name, state in saga.signals.items() if state.status is SignalStatus.AWAITED]
    retries = [f"the time of {name}" for name in saga.timers if name.endswith("/retry")]
    waits = [told_command(send) for send in sends] + awaited + retries
    told = f"the saga is {saga.status}"
    if saga.reason and not saga.attention:
        told += f" ({saga.reason})"
    if saga.attention is not None:
        place = f" at {saga.attention.step}" if saga.attention.step else ""
        told += f"{place}: {saga.attention.reason}"
    if saga.ended:
        return told
    return f"{told}; outstanding: {', '.join(waits) or 'nothing'}"
