"""One worker of a proof of sagas: its slot says which lanes it has."""

from streams.proof.saga_site import MODELS, ORCHESTRATORS, PARTICIPANTS
from streams.worker import work as work_lanes

SEATS = 2
BY_PARTY = (ORCHESTRATORS, PARTICIPANTS, MODELS)


def work(number: int, **arguments: bool) -> int:
    """Runs the lanes of the slot's party; the exit code."""
    return work_lanes(only=BY_PARTY[number // SEATS], number=number, **arguments)
