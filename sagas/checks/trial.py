"""Functions that are not the same twice: found by running each, on a sample of what it will be given.

What is not named in a function's own code (`checks.purity` looks there) shows when it runs: a clock, chance, or the
world, asked by whatever it calls; and an answer that differs from the one before. Whatever a function can't do with a
sample, it is not asked for: a sample knows fields, not what they mean.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from pydantic_core import to_json

from sagas.definition import Asking, Saga, Step
from sagas.errors import DefinitionError
from sagas.flow import ForEach, WaitSignal, When
from sagas.nodes import walk
from sagas.samples import NoSample, output_of, sample, value_of
from sagas.undo import Done, InDoubt
from sagas.watching import watched
from schemas import avsc
from schemas.result import AFTER, BEFORE

CURE = "let what it needs come in the start message, a reply or a signal"
_FRAME = frozenset((*BEFORE, *AFTER))

Called = Callable[[], Any]


def steady(saga: Saga[Any, Any]) -> Iterator[DefinitionError]:
    """Each function gives the same for the same, and asks nobody else."""
    trials = list(_trials(saga))
    first = [_run(function) for _, _, function in trials]
    again = [_run(function) for _, _, function in trials]
    for (step, label, _), one, other in zip(trials, first, again, strict=True):
        asked = sorted({*one.asked, *other.asked})
        if asked:
            yield DefinitionError(saga.name, step, f"its {label} calls {asked[0]}", CURE)
        elif one.gave != other.gave:
            fault = f"its {label} gives {_told(one.gave)} and then {_told(other.gave)} for the same"
            yield DefinitionError(saga.name, step, fault, CURE)


class _Outcome:
    """What a run gave, in writing, and what it called that is not its own to ask."""

    __slots__ = ("asked", "gave")

    def __init__(self) -> None:
        self.gave = ""
        self.asked: set[str] = set()


def _run(function: Called) -> _Outcome:
    outcome = _Outcome()
    try:
        with watched(outcome.asked):
            given = function()
        outcome.gave = _written(given)
    except Exception as error:  # a sample is not what the author had in mind: the function may well refuse it
        outcome.gave = type(error).__name__
    return outcome


def _trials(saga: Saga[Any, Any]) -> Iterator[tuple[str, str, Called]]:
    """The step, what its function is there, and a call of it; in the order of the functions' checks."""
    try:
        start = sample(saga.start)
    except NoSample:
        return
    yield "", "saga_id", partial(saga.saga_id, start)
    yield "", "initial", partial(saga.initial, start)
    try:
        data = saga.initial(start)
    except Exception:  # it refuses the sample: there is no data to try the others on
        return
    assert saga.flow is not None
    nodes = list(walk(saga.flow))
    items = {node.body: _item(node, data) for node in nodes if isinstance(node, ForEach)}
    for step in saga.steps:
        yield from _of_step(step, (data, *items.get(step.name, ())))
    for node in nodes:
        yield from _of_node(node, data)


def _of_step(step: Step[Any], first: tuple[Any, ...]) -> Iterator[tuple[str, str, Called]]:
    yield from _of_asking(step.name, "command", step.asking, first)
    reply = _reply(step.asking)
    if step.replied is not None and reply is not None:
        yield step.name, "on_reply", partial(step.replied, *first, reply)
    if step.undo is None:
        return
    for outcome in (InDoubt("key"), *(() if reply is None else (Done(reply, "key"),))):
        yield from _of_asking(step.name, "compensation", step.undo, first, outcome)


def _of_asking(
    name: str, label: str, asking: Asking, first: tuple[Any, ...], *more: Any
) -> Iterator[tuple[str, str, Called]]:
    yield name, label, partial(asking.function, *first, *more)
    if asking.key is not None:
        yield name, "key" if not more else f"{label}'s key", partial(asking.key, *first)


def _of_node(node: Any, data: Any) -> Iterator[tuple[str, str, Called]]:
    if isinstance(node, ForEach):
        yield node.body, "items", partial(node.items, data)
    elif isinstance(node, When):
        yield node.name, "predicate", partial(node.predicate, data)
    elif isinstance(node, WaitSignal):
        try:
            message = sample(node.message)
        except NoSample:
            return
        if node.accept is not None:
            yield node.name, "accept", partial(node.accept, data, message)
        if node.on_signal is not None:
            yield node.name, "on_signal", partial(node.on_signal, data, message)


def _item(node: ForEach, data: Any) -> tuple[Any, ...]:
    """What the body gets after the data: an item as listed, or else of the items' type."""
    try:
        listed = list(node.items(data))
        return (listed[0] if listed else "sample" if node.item is None else value_of(node.item),)
    except Exception:  # neither can be had of a sample: the body's functions will refuse this one
        return (None,)


def _reply(asking: Asking) -> Any:
    output = output_of(avsc.load(asking.send, "result"))
    if asking.reply is None:
        return {name: value for name, value in output.items() if name not in _FRAME}
    try:
        return asking.reply.model_validate(output)
    except ValueError:
        return None


def _written(value: Any) -> str:
    """As JSON; what has no form there is as good as any other of its type."""
    return to_json(value, bytes_mode="base64", fallback=lambda other: type(other).__name__).decode()


def _told(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:79]}…"


TRIALS = (steady,)
