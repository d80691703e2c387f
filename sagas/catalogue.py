"""Which sagas there are: every module of every folder in `sagas/definitions`.

A saga is a folder, a version of it a module there that holds `saga`; adding one changes no file.
"""

import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from functools import lru_cache

from sagas import definitions
from sagas.compile import compile_saga
from sagas.compiled import Compiled
from sagas.definition import Saga
from sagas.errors import DefinitionError


class Catalogue:
    """Compiled sagas by name and version."""

    def __init__(self, sagas: Iterable[Compiled] = ()) -> None:
        self._sagas: dict[tuple[str, int], Compiled] = {}
        self._newest: dict[str, int] = {}
        for compiled in sagas:
            if (compiled.name, compiled.version) in self._sagas:
                fault, cure = f"version {compiled.version} is there twice", "give the changed one a new version"
                raise DefinitionError(compiled.name, "", fault, cure)
            self._sagas[compiled.name, compiled.version] = compiled
            self._newest[compiled.name] = max(compiled.version, self._newest.get(compiled.name, 0))

    def __iter__(self) -> Iterator[Compiled]:
        return iter(self._sagas.values())

    def find(self, name: str, version: int = 0) -> Compiled | None:
        """A version of a saga; 0 is the newest."""
        return self._sagas.get((name, version or self._newest.get(name, 0)))

    def pinned(self, name: str, version: int, hash: str) -> Compiled | None:  # noqa: A002  # as it travels
        """The very definition that a saga was started with."""
        compiled = self._sagas.get((name, version))
        return compiled if compiled is not None and compiled.hash == hash else None

    def missing(self, name: str, version: int) -> str:
        """Why `find` has none, in words."""
        versions = sorted(known for saga, known in self._sagas if saga == name)
        if not versions:
            known = ", ".join(sorted(self._newest)) or "none"
            return f"there is no saga {name!r} here; there are: {known}"
        return f"this worker lacks version {version} of saga {name!r}; it has {', '.join(map(str, versions))}"


@lru_cache(maxsize=1)
def discover() -> Catalogue:
    """All sagas of the catalogue, compiled. Raises DefinitionError for a module without one, or with a faulty one."""
    return Catalogue(compile_saga(saga) for saga in definitions_found())


def definitions_found() -> Iterator[Saga]:  # type: ignore[type-arg]  # of whatever types
    """The definitions, by folder and version."""
    for folder in sorted(pkgutil.iter_modules(definitions.__path__)):
        if not folder.ispkg:
            continue
        package = importlib.import_module(f"{definitions.__name__}.{folder.name}")
        for module in sorted(pkgutil.iter_modules(package.__path__)):
            yield _read(folder.name, module.name)


def _read(folder: str, module: str) -> Saga:  # type: ignore[type-arg]
    place = f"sagas/definitions/{folder}/{module}.py"
    saga = getattr(importlib.import_module(f"{definitions.__name__}.{folder}.{module}"), "saga", None)
    if not isinstance(saga, Saga):
        raise DefinitionError(folder, "", f"{place} has no `saga`", "add `saga = Saga(...)`")
    if saga.name.replace("-", "_") != folder or module != f"v{saga.version}":
        cure = f"move it to sagas/definitions/{saga.name.replace('-', '_')}/v{saga.version}.py"
        raise DefinitionError(saga.name, "", f"{place} holds version {saga.version} of {saga.name!r}", cure)
    return saga
