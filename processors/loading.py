"""From "module:Class" to the class."""

import importlib
from typing import TypeVar

from processors.contract import Processor
from processors.errors import DeclarationError
from processors.wire import Wire

Loaded = TypeVar("Loaded")


def load_processor(reference: str) -> type[Processor]:
    """The Processor class that `reference` names. Raises DeclarationError."""
    return _load(reference, Processor)  # type: ignore[type-abstract]


def load_wire(reference: str) -> type[Wire]:
    """The Wire class that `reference` names. Raises DeclarationError."""
    return _load(reference, Wire)


def _load(reference: str, kind: type[Loaded]) -> type[Loaded]:
    module_name, _, class_name = reference.partition(":")
    try:
        found = getattr(importlib.import_module(module_name), class_name)
    except (ImportError, AttributeError, ValueError) as error:
        raise DeclarationError(f"{reference!r} can't be imported: {error}; name it as 'module:Class'") from error
    if not (isinstance(found, type) and issubclass(found, kind)):
        raise DeclarationError(f"{reference!r} is no {kind.__name__}; derive the class from it")
    return found


def reference_to(kind: type) -> str:
    """The "module:Class" of a class, for another process to import."""
    return f"{kind.__module__}:{kind.__qualname__}"
