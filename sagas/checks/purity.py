"""Functions that read a clock, chance or the world: found by what their code names.

They would give another command at the next attempt, and another saga when its history is read. This finds honest
mistakes; the harness finds others by running each function twice.
"""

import builtins
import datetime
import dis
from collections.abc import Iterator
from types import FunctionType, ModuleType
from typing import Any

from sagas.definition import Saga
from sagas.errors import DefinitionError
from sagas.fingerprint import codes, is_of, package_of, references
from sagas.functions import functions

MODULES = frozenset(
    (
        "aiohttp", "asyncio", "concurrent", "confluent_kafka", "fileinput", "ftplib", "http", "httpx", "importlib",
        "io", "logging", "multiprocessing", "os", "pathlib", "platform", "posix", "random", "requests", "secrets",
        "select", "shutil", "signal", "smtplib", "socket", "ssl", "structlog", "subprocess", "sys", "tempfile",
        "threading", "time", "urllib",
    )
)  # fmt: skip
BUILTINS = frozenset(
    (
        "__import__",
        "breakpoint",
        "delattr",
        "eval",
        "exec",
        "globals",
        "hash",
        "id",
        "input",
        "open",
        "print",
        "setattr",
    )
)
CLOCK = frozenset(("now", "today", "utcnow"))
CHANCE = frozenset(("getnode", "uuid1", "uuid4"))


def pure(saga: Saga[Any, Any]) -> Iterator[DefinitionError]:
    """Each function of the saga, and what it calls of its own package."""
    for step, label, function, _ in functions(saga):
        for found in impurities(function):
            cure = "let what it needs come in the start message, a reply or a signal"
            yield DefinitionError(saga.name, step, f"its {label} uses {found}", cure)


def impurities(function: Any) -> Iterator[str]:
    """What a function uses that is not given to it, by name."""
    met: set[int] = set()
    waiting = [function]
    package = package_of(function)
    while waiting:
        current = waiting.pop()
        if not isinstance(current, FunctionType) or id(current) in met:
            continue
        met.add(id(current))
        yield from _of(current)
        waiting += [
            value for value in references(current).values() if isinstance(value, FunctionType) and is_of(value, package)
        ]


def _of(function: FunctionType) -> Iterator[str]:
    used = references(function)
    names = {name for code in codes(function.__code__) for name in code.co_names}
    for name in sorted(names & BUILTINS):
        if name not in function.__globals__ and hasattr(builtins, name) and _is_loaded(function, name):
            yield f"{name}()"
    for name, value in sorted(used.items()):
        home = _home(value)
        if home in MODULES:
            yield name
        elif home == "datetime" and value in (datetime, datetime.datetime, datetime.date) and names & CLOCK:
            yield f"{name}.{min(names & CLOCK)}"
        elif home == "uuid" and (name.rpartition(".")[2] in CHANCE):
            yield name
    for module in _imports(function):
        if module.partition(".")[0] in MODULES:
            yield f"import {module}"


def _home(value: Any) -> str:
    """The top-level module that a value is, or comes from."""
    if isinstance(value, ModuleType):
        return value.__name__.partition(".")[0]
    owner = getattr(value, "__self__", None)
    if owner is not None and not isinstance(owner, ModuleType | type):
        value = type(owner)
    return (getattr(value, "__module__", None) or "").partition(".")[0]


def _is_loaded(function: FunctionType, name: str) -> bool:
    """Whether a name is meant as a global, and not as something's attribute."""
    return any(
        instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME") and instruction.argval == name
        for code in codes(function.__code__)
        for instruction in dis.get_instructions(code)
    )


def _imports(function: FunctionType) -> Iterator[str]:
    for code in codes(function.__code__):
        for instruction in dis.get_instructions(code):
            if instruction.opname == "IMPORT_NAME":
                yield str(instruction.argval)


PURITY = (pure,)
