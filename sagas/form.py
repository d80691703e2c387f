"""A definition as JSON values: what is published, what a picture is drawn from, and what the hash is taken of."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from sagas.definition import Asking, Saga, Step
from sagas.fingerprint import fingerprint
from sagas.flow import ForEach, Node, Parallel, Pivot, Run, Seq, WaitSignal, When
from sagas.shapes import item_shape, shape

Form = dict[str, Any]


def form(saga: Saga[Any, Any]) -> Form:
    """The whole definition; functions are there by the hashes of their code."""
    assert saga.flow is not None
    return {
        "name": saga.name,
        "version": saga.version,
        "start": shape(saga.start),
        "data": shape(saga.data),
        "deadline": None if saga.deadline is None else asdict(saga.deadline),
        "on_duplicate_start": str(saga.on_duplicate_start),
        "retain_ms": saga.retain_ms,
        "functions": {"saga_id": fingerprint(saga.saga_id), "initial": fingerprint(saga.initial)},
        "steps": {step.name: _step(step) for step in saga.steps},
        "flow": flow_form(saga.flow),
    }


def _step(step: Step[Any]) -> Form:
    return {
        "kind": str(step.kind),
        "effect": str(step.effect),
        "no_undo": step.no_undo,
        **_asking(step.asking),
        "on_reply": _hash(step.replied),
        "compensation": None if step.undo is None else {"name": _name(step.undo.function), **_asking(step.undo)},
    }


def _asking(asking: Asking) -> Form:
    return {
        "send": asking.send,
        "to": asking.to,
        "command": fingerprint(asking.function),
        "key": _hash(asking.key),
        "reply": None if asking.reply is None else shape(asking.reply),
        "rejects": sorted(asking.rejects),
        "retry": asdict(asking.retry),
        "timeout": asdict(asking.timeout),
    }


def _hash(function: Callable[..., Any] | None) -> str | None:
    return None if function is None else fingerprint(function)


def _name(function: Callable[..., Any]) -> str:
    return getattr(function, "__name__", "")


def _run(node: Run) -> Form:
    return {"step": node.step}


def _pivot(node: Pivot) -> Form:
    return {"pivot": node.step}


def _seq(node: Seq) -> Form:
    return {"seq": [flow_form(member) for member in node.members]}


def _parallel(node: Parallel) -> Form:
    return {"parallel": [flow_form(member) for member in node.members], "join": str(node.join)}


def _for_each(node: ForEach) -> Form:
    return {
        "for_each": node.body,
        "items": fingerprint(node.items),
        "item": None if node.item is None else item_shape(node.item),
        "max_items": node.max_items,
        "max_in_flight": node.max_in_flight,
        "collect": node.collect,
    }


def _when(node: When) -> Form:
    otherwise = None if node.otherwise is None else flow_form(node.otherwise)
    return {
        "when": node.name,
        "predicate": fingerprint(node.predicate),
        "then": flow_form(node.then),
        "otherwise": otherwise,
    }


def _wait(node: WaitSignal) -> Form:
    return {
        "signal": node.name,
        "message": shape(node.message),
        "timeout_ms": node.timeout_ms,
        "on_timeout": str(node.on_timeout),
        "accept": _hash(node.accept),
        "on_signal": _hash(node.on_signal),
    }


_FORMS: dict[type, Callable[..., Form]] = {
    Run: _run,
    Pivot: _pivot,
    Seq: _seq,
    Parallel: _parallel,
    ForEach: _for_each,
    When: _when,
    WaitSignal: _wait,
}


def flow_form(node: Node) -> Form:
    """One node with all within it."""
    return _FORMS[type(node)](node)
