"""A hash over what a function does: its code, and that of the functions and classes of its own package that it names.

A comment or a docstring changes nothing. The code is the interpreter's, so a new minor version of Python gives other
hashes: sagas that are running then need to end, or a new version of their definition, before it is rolled out.
"""

import enum
import hashlib
import inspect
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from pydantic import BaseModel

from sagas.shapes import shape

LENGTH = 32
CATALOGUE = "sagas.definitions"


def fingerprint(function: Callable[..., Any]) -> str:
    """The hash of a function, the same in every process that runs this Python."""
    walk = _Walk(package_of(function))
    walk.value(function)
    return walk.digest.hexdigest()[:LENGTH]


def is_of(value: Any, package: str) -> bool:
    """Whether a function or a class is of a package, hence part of what a definition does."""
    module = getattr(value, "__module__", None) or ""
    return bool(package) and (module == package or module.startswith(f"{package}."))


def package_of(function: Callable[..., Any]) -> str:
    """Whose functions count as a definition's own: those of its top-level package.

    Here those of the catalogue alone: a change of the engine must not change the sagas that run on it.
    """
    module = getattr(function, "__module__", None) or ""
    return CATALOGUE if module.startswith(f"{CATALOGUE}.") else module.partition(".")[0]


class _Walk:
    """Feeds everything into one hash; what was met before is named by its number, which ends recursion."""

    def __init__(self, package: str) -> None:
        self.digest = hashlib.sha256()
        self._package = package
        self._met: dict[int, int] = {}
        self._kept: list[object] = []

    def value(self, value: object) -> None:
        """Whatever a function may refer to."""
        if isinstance(value, MethodType):
            value = value.__func__
        if value is None or isinstance(value, bool | int | float | complex | str | bytes) or value is Ellipsis:
            self._say(type(value).__name__, repr(value))
        elif isinstance(value, tuple | list):
            self._say(type(value).__name__, len(value))
            for item in value:
                self.value(item)
        elif isinstance(value, frozenset | set):
            self._say("set", *sorted(map(repr, value)))
        elif isinstance(value, dict):
            self._say("dict", len(value))
            for key, item in value.items():
                self.value(key)
                self.value(item)
        elif isinstance(value, CodeType):
            self._code(value, None)
        else:
            self._object(value)

    def _object(self, value: Any) -> None:
        if id(value) in self._met:
            self._say("met", self._met[id(value)])
            return
        self._met[id(value)] = len(self._met)
        self._kept.append(value)
        if isinstance(value, FunctionType) and self._ours(value):
            self._function(value)
        elif isinstance(value, enum.Enum):
            self._say("member", type(value).__qualname__, value.name, repr(value.value))
        elif isinstance(value, type) and self._ours(value):
            self._class(value)
        else:
            self._say("named", _name(value))

    def _ours(self, value: Any) -> bool:
        return is_of(value, self._package)

    def _function(self, function: FunctionType) -> None:
        self._say("function", function.__name__)
        self.value(function.__defaults__)
        self.value(function.__kwdefaults__)
        self._code(function.__code__, function.__doc__)
        for name, used in sorted(references(function).items()):
            self._say("uses", name)
            self.value(used)

    def _code(self, code: CodeType, doc: str | None) -> None:
        self._say("code", code.co_argcount, code.co_kwonlyargcount, code.co_posonlyargcount, code.co_flags)
        self._say(code.co_code.hex(), *code.co_names, "|", *code.co_varnames, "|", *code.co_freevars, *code.co_cellvars)
        for index, const in enumerate(code.co_consts):
            self.value(None if index == 0 and doc is not None and const == doc else const)

    def _class(self, kind: type) -> None:
        self._say("class", kind.__qualname__)
        if issubclass(kind, BaseModel):
            self.value(shape(kind))
        for name, value in sorted(vars(kind).items()):
            inner = _wrapped(value)
            if isinstance(inner, FunctionType) and self._ours(inner):
                self._say("method", name)
                self.value(inner)
            elif isinstance(value, enum.Enum):
                self.value(value)

    def _say(self, *parts: object) -> None:
        self.digest.update("\x1f".join(map(str, parts)).encode("utf-8", "surrogatepass") + b"\x1e")


def references(function: FunctionType) -> dict[str, Any]:
    """What a function's code names and finds: globals, what modules of those have, and closed-over values."""
    found = dict(zip(function.__code__.co_freevars, _cells(function), strict=True))
    for code in codes(function.__code__):
        for name in code.co_names:
            if name in function.__globals__:
                found[name] = function.__globals__[name]
    for value in list(found.values()):
        if isinstance(value, ModuleType):
            for code in codes(function.__code__):
                used = {name: getattr(value, name) for name in code.co_names if hasattr(value, name)}
                found.update({f"{value.__name__}.{name}": item for name, item in used.items()})
    return found


def codes(code: CodeType) -> Iterator[CodeType]:
    """A function's code and that of the functions within it."""
    yield code
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield from codes(const)


def _cells(function: FunctionType) -> Iterator[Any]:
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # a name that its own function binds later
            yield None


def _wrapped(value: Any) -> Any:
    if isinstance(value, property):
        return value.fget
    if isinstance(value, staticmethod | classmethod):
        return inspect.unwrap(value.__func__)
    return value


def _name(value: Any) -> str:
    if isinstance(value, ModuleType):
        return value.__name__
    name = getattr(value, "__qualname__", None) or type(value).__qualname__
    return f"{getattr(value, '__module__', '')}.{name}"
