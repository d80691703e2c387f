"""How a worker's process ends, so that the supervisor and the user's own init system know what to do next."""

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of `sluicegate worker`; any other code, and death by a signal, is a crash."""

    OK = 0
    """It was asked to stop, and drained."""
    FAILED = 1
    """Something outside failed (Kafka, the registry); starting again may help."""
    USAGE = 2
    """Wrong arguments or settings; starting again cannot help."""
    SLOT_TAKEN = 73
    """Another process of this machine holds the slot; starting again cannot help before that one ends."""
    FENCED = 75
    """Another worker, anywhere, took the slot's transactional id over; starting again would fence it."""


FINAL = frozenset({ExitCode.OK, ExitCode.USAGE, ExitCode.SLOT_TAKEN, ExitCode.FENCED})
"""The codes after which a supervisor does not start the worker again."""


def is_final(code: int) -> bool:
    """Whether a process that ended with this code (negative: by that signal) is left alone."""
    return code in FINAL


def describe(code: int) -> str:
    """The end of a process in words: `exit code 75 (FENCED)`, `signal 9`."""
    if code < 0:
        return f"signal {-code}"
    names = {member.value: f" ({member.name})" for member in ExitCode}
    return f"exit code {code}{names.get(code, '')}"
