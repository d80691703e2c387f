"""For those who write sagas: a harness with a clock that stands still, and recorded histories to hold against a change.

from sagas.testing import SagaHarness, replay
"""

from sagas.invariants import InvariantBroken
from sagas.testing.errors import Misused, Unexpected
from sagas.testing.faults import Crash, Fault
from sagas.testing.harness import SagaHarness
from sagas.testing.history_file import read_history, write_history
from sagas.testing.replay import Difference, replay

__all__ = [
    "Crash",
    "Difference",
    "Fault",
    "InvariantBroken",
    "Misused",
    "SagaHarness",
    "Unexpected",
    "read_history",
    "replay",
    "write_history",
]
