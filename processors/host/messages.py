"""What a worker and its host say to each other."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from processors.contract import DeviceSettings


@dataclass(slots=True)
class Begin:
    """To the host, once: what to load, and where to run it."""

    implementation: str
    wire: str
    device: DeviceSettings


@dataclass(slots=True)
class Ready:
    """From the host, once: the model is loaded and warm."""

    description: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Refused:
    """From the host, instead of Ready: the model can't be loaded. The host ends after it.

    `misconfigured`: because of settings, so that it never will be.
    """

    reason: str
    misconfigured: bool = False


@dataclass(slots=True)
class Run:
    """To the host: infer this."""

    number: int
    count: int
    payload: Any


@dataclass(slots=True)
class Done:
    """From the host: the outcomes of a run."""

    number: int
    seconds: float
    payload: Any


class Trouble(Enum):
    """What kind of error a run ended with; after a FATAL one the device is lost to the process."""

    RAISED = "raised"
    MEMORY = "memory"
    FATAL = "fatal"


@dataclass(slots=True)
class Spoilt:
    """From the host: a run ended with an error."""

    number: int
    trouble: Trouble
    exception: str
    message: str
    trace: str


@dataclass(slots=True)
class End:
    """To the host: finish what was sent, and end."""
