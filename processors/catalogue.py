"""Which processors there are: every folder of this package that has a declaration.

Adding a model is adding a folder; nothing here changes.
"""

import importlib
import importlib.util
import pkgutil
from functools import lru_cache

import processors
from processors.contract import Declaration
from processors.errors import DeclarationError


@lru_cache(maxsize=1)
def discover() -> dict[str, Declaration]:
    """All declarations by name, in alphabetical order. Imports each `declaration.py`, and nothing that they name.

    Raises DeclarationError for a folder whose declaration is missing its `declaration` or is named otherwise.
    """
    folders = sorted(module.name for module in pkgutil.iter_modules(processors.__path__) if module.ispkg)
    return {name: _read(name) for name in folders if _has_declaration(name)}


def find(name: str) -> Declaration:
    """The declaration of one processor. Raises DeclarationError, which lists the names that exist."""
    try:
        return discover()[name]
    except KeyError:
        known = ", ".join(discover())
        raise DeclarationError(f"there is no processor {name!r}; there are: {known}") from None


def _has_declaration(name: str) -> bool:
    return importlib.util.find_spec(f"processors.{name}.declaration") is not None


def _read(name: str) -> Declaration:
    module = importlib.import_module(f"processors.{name}.declaration")
    declaration = getattr(module, "declaration", None)
    if not isinstance(declaration, Declaration):
        raise DeclarationError(
            f"processors/{name}/declaration.py has no `declaration`; add `declaration = Declaration(...)`"
        )
    if declaration.name != name:
        raise DeclarationError(
            f"processors/{name}/declaration.py is named {declaration.name!r}; name it {name!r}, as its folder"
        )
    return declaration
