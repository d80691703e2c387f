"""The functions' shape: plain ones, that take what they will be given."""

import inspect
from collections.abc import Iterator
from typing import Any

from sagas.definition import Saga
from sagas.errors import DefinitionError
from sagas.functions import functions

UNUSUAL = (inspect.iscoroutinefunction, inspect.isgeneratorfunction, inspect.isasyncgenfunction)


def plain(saga: Saga[Any, Any]) -> Iterator[DefinitionError]:
    """One that is awaited or iterated would not have run."""
    for step, label, function, _ in functions(saga):
        if not inspect.isfunction(function):
            fault = f"its {label} is {type(function).__name__}, whose code has no hash"
            yield DefinitionError(saga.name, step, fault, "write a function or a lambda")
        elif inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
            yield DefinitionError(
                saga.name, step, f"its {label} is asynchronous or a generator", "write a plain function"
            )
        elif inspect.isasyncgenfunction(function):
            yield DefinitionError(
                saga.name, step, f"its {label} is an asynchronous generator", "write a plain function"
            )


def fitting(saga: Saga[Any, Any]) -> Iterator[DefinitionError]:
    """Each is called with arguments by position."""
    for step, label, function, arguments in functions(saga):
        try:
            inspect.signature(function).bind(*arguments)
        except TypeError as error:
            fault = f"its {label} can't be called with ({', '.join(arguments)}): {error}"
            yield DefinitionError(saga.name, step, fault, "take exactly these")


FUNCTIONS = (plain, fitting)
