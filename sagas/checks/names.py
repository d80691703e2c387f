"""Names: they become keys, paths and parts of a picture, and stay in histories for ever."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from sagas.definition import Saga
from sagas.errors import DefinitionError
from sagas.flow import WaitSignal, When
from sagas.nodes import walk

_LEGAL = re.compile(r"[a-z][a-z0-9_-]{0,63}")
RESERVED = ("signal", "deadline", "retain")


def legal_saga_name(saga: Saga[Any, Any]) -> Iterator[DefinitionError]:
    """It names a folder and records."""
    if not _LEGAL.fullmatch(saga.name):
        yield DefinitionError(saga.name, "", "its name is not legal", _cure())


def positive_version(saga: Saga[Any, Any]) -> Iterator[DefinitionError]:
    """0 stands for the newest."""
    if isinstance(saga.version, bool) or not isinstance(saga.version, int) or not 1 <= saga.version < 1 << 31:
        yield DefinitionError(saga.name, "", f"its version is {saga.version!r}", "count versions from 1")


def legal_step_names(saga: Saga[Any, Any]) -> Iterator[DefinitionError]:
    """Steps, branches and signals alike."""
    for name in _names(saga):
        if not _LEGAL.fullmatch(name):
            yield DefinitionError(saga.name, name, "its name is not legal", _cure())
        elif name in RESERVED:
            yield DefinitionError(saga.name, name, "its name is that of a timer", f"take none of {', '.join(RESERVED)}")


def unique_names(saga: Saga[Any, Any]) -> Iterator[DefinitionError]:
    """A name is an identity: its key, its history and its place in the state."""
    for name, count in Counter(_names(saga)).items():
        if count > 1:
            yield DefinitionError(saga.name, name, f"{count} steps, branches or signals have its name", "rename one")


def _names(saga: Saga[Any, Any]) -> Iterator[str]:
    yield from (step.name for step in saga.steps)
    if saga.flow is not None:
        yield from (node.name for node in walk(saga.flow) if isinstance(node, When | WaitSignal))


def _cure() -> str:
    return "begin with a small letter, then use small letters, digits, '-' and '_', 64 at most"


NAMES = (legal_saga_name, positive_version, legal_step_names, unique_names)
