"""Which lanes there are: one for each processor, and the sagas' participants.

The worker, `init`, `schemas`, `send` and the client read this one list. Nothing here loads what a lane runs.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from processors.catalogue import discover
from processors.contract import Declaration
from schemas.errors import Misconfigured
from streams.lane_kind import LaneKind
from streams.participants.lanes import INDEX, LEDGER
from streams.sagas.kind import SAGAS
from streams.settings import Settings

if TYPE_CHECKING:
    from streams.definition import LaneDefinition


@lru_cache(maxsize=1)
def catalogue() -> dict[str, LaneKind]:
    """Every lane by name, the processors' first. Raises Misconfigured when two have one name."""
    kinds: dict[str, LaneKind] = {}
    for kind in (*map(processor_kind, discover().values()), LEDGER, INDEX, SAGAS):
        if kinds.setdefault(kind.name, kind) is not kind:
            raise Misconfigured(f"two lanes are named {kind.name!r}: rename the processor")
    return kinds


def find(name: str) -> LaneKind:
    """One lane. Raises Misconfigured, which lists the names that exist."""
    kind = catalogue().get(name)
    if kind is None:
        raise Misconfigured(f"there is no lane {name!r}; there are: {', '.join(catalogue())}")
    return kind


def stateful_among(names: Iterable[str]) -> frozenset[str]:
    """Those of the lanes that keep state; a name that is no lane of ours keeps none."""
    kinds = catalogue()
    return frozenset(name for name in names if name in kinds and kinds[name].stateful)


def definitions(settings: Settings, only: Sequence[str] = ()) -> list["LaneDefinition"]:
    """The definitions of the lanes named, or of all of them.

    Raises Misconfigured for an unknown name, or where a lane's settings are at odds with the worker's.
    """
    return [find(name).define(settings) for name in only or catalogue()]


def processor_kind(declaration: Declaration) -> LaneKind:
    """The lane of a processor."""

    def define(settings: Settings) -> "LaneDefinition":
        # Imported late: whoever only lists the lanes needs no runner.
        from streams.definition import processor_lane
        from streams.liveness import check_stall

        check_stall(settings, declaration)
        return processor_lane(settings, declaration)

    return LaneKind(declaration.name, declaration.request, define)
