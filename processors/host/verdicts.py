"""What a record is answered that is to blame for the end of its run."""

from processors.host.bisection import Death
from processors.host.messages import Spoilt
from schemas.outcome import Code, Failed


def raised(spoilt: Spoilt) -> Failed:
    """The processor raised an error on the record alone."""
    return Failed(Code.PROCESSOR_FAILED, spoilt.message, details={"exception": spoilt.exception})


def refused(error: Exception) -> Failed:
    """The record, or its outcome, can't cross to the host and back."""
    return Failed(Code.PROCESSOR_FAILED, str(error) or repr(error), details={"exception": type(error).__name__})


def out_of_memory(spoilt: Spoilt) -> Failed:
    """The record had all memory to itself, and did not fit."""
    message = "the record does not fit in memory, even alone"
    return Failed(Code.OUT_OF_MEMORY, message, details={"exception": spoilt.exception, "error": spoilt.message})


def died(death: Death, how: str, strikes: int, timeout_seconds: float) -> Failed:
    """The host ended each time that it ran the record, with nothing else beside it."""
    if death is Death.OVERRAN:
        message = f"the record took longer than the run time-out of {timeout_seconds:g} s"
        return Failed(Code.PROCESSOR_TIMEOUT, message, retriable=True)
    message = f"the record ended its host process ({how}), {strikes} times of {strikes}"
    return Failed(Code.PROCESSOR_CRASHED, message, details={"death": how})
