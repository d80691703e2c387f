"""From "module:Class" to the class."""

import importlib
from typing import TypeVar

from processors.errors import DeclarationError

Loaded = TypeVar("Loaded")


def load_class(reference: str, kind: type[Loaded]) -> type[Loaded]:
    """The class that `reference` names, imported now. Raises DeclarationError if there is none of that kind."""
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
