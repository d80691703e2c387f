"""What a harness can do to a step's answer."""

from enum import StrEnum


class Fault(StrEnum):
    """Each is for the next answer of the step that it is injected into.

    ERROR: a failure comes instead, of which nobody knows whether the step was done. UNDO_ERROR: the same, for the
    answer to its undo. REPEAT: the participant gets the command twice and answers each time. DUPLICATE_REPLY: the
    answer comes twice. DROP_REPLY: it never comes. LATE_REPLY: it comes once time has advanced.
    """

    ERROR = "error"
    UNDO_ERROR = "undo_error"
    REPEAT = "repeat"
    DROP_REPLY = "drop_reply"
    LATE_REPLY = "late_reply"
    DUPLICATE_REPLY = "duplicate_reply"


class Crash(StrEnum):
    """When an orchestrator dies: before its transaction is committed, so that the input comes again; or just after."""

    BEFORE_COMMIT = "before_commit"
    AFTER_COMMIT = "after_commit"
