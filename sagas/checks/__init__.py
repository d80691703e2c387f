"""What a definition must fulfil. Each check is a function that yields a DefinitionError for each fault it finds."""

from collections.abc import Callable, Iterator
from typing import Any

from sagas.checks.flow import FLOW
from sagas.checks.functions import FUNCTIONS
from sagas.checks.kinds import KINDS
from sagas.checks.loops import LOOPS
from sagas.checks.names import NAMES
from sagas.checks.policies import POLICIES
from sagas.checks.purity import PURITY
from sagas.checks.records import RECORDS
from sagas.checks.signals import SIGNALS
from sagas.checks.trial import TRIALS
from sagas.definition import Saga
from sagas.errors import DefinitionError

Check = Callable[[Saga[Any, Any]], Iterator[DefinitionError]]

# In this order: each may rely on those before it.
CHECKS: tuple[Check, ...] = (*NAMES, *FLOW, *RECORDS, *POLICIES, *KINDS, *LOOPS, *SIGNALS, *FUNCTIONS, *PURITY, *TRIALS)


def check(saga: Saga[Any, Any]) -> None:
    """Raises the first fault that any check finds."""
    for found in CHECKS:
        for error in found(saga):
            raise error
