"""What is known of one service of the local stack at a moment."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from streams.stack import broker, kafka, registry

NAMES = (kafka.NAME, registry.NAME)
"""In the order in which they start; they stop the other way round."""

READY: dict[str, Callable[[int, Path | None], bool]] = {
    kafka.NAME: broker.is_ready,
    registry.NAME: registry.is_ready,
}
"""How each is asked whether it is ready, on its port, with the secrets of a secured one."""

Report = Callable[[str, str], None]
"""Called with the name of a service (or `jars`, `stack`) and what it is doing now."""


@dataclass(frozen=True, slots=True)
class State:
    """One service; `since` in seconds since 1970, `pid` None where Docker runs it, `log` says where to read on."""

    name: str
    port: int
    running: bool
    healthy: bool
    pid: int | None
    since: float | None
    log: str


def silent(_name: str, _phase: str) -> None:
    """Report to nobody."""
