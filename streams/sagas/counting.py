"""What is counted of sagas, as counters of the catalogue."""

from sagas.engine import Reaction
from sagas.instance import Instance
from schemas.handler import Count
from streams.observability.catalogue import SAGA_TRANSITIONS, SAGAS_ENDED, SAGAS_STARTED

_TRANSITION: Count = (SAGA_TRANSITIONS.name,)


def count(counts: dict[Count, int], before: Instance | None, reaction: Reaction) -> None:
    """Adds what came of one input."""
    after = reaction.instance
    if reaction.state is None and (after is not None or before is None):
        return
    _add(counts, _TRANSITION)
    if after is None:
        return
    if before is None:
        _add(counts, (SAGAS_STARTED.name, after.saga))
    if after.ended and (before is None or not before.ended):
        _add(counts, (SAGAS_ENDED.name, after.saga, str(after.status)))


def _add(counts: dict[Count, int], name: Count) -> None:
    counts[name] = counts.get(name, 0) + 1
