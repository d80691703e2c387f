"""What a definition must fulfil. Each check is a function that raises DefinitionError for what it finds first."""

from typing import Any

from sagas.definition import Saga


def check(saga: Saga[Any, Any]) -> None:
    """All checks, in an order in which each may rely on those before it."""
