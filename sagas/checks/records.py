"""Records: whatever a saga keeps or sends must survive JSON, or fit its lane's schema."""

from collections.abc import Iterator
from typing import Any

from sagas.definition import Asking, Saga
from sagas.errors import DefinitionError
from sagas.flow import ForEach, WaitSignal
from sagas.nodes import walk
from sagas.records import ReplyRecord, SagaRecord
from schemas import avsc
from schemas.errors import Misconfigured
from schemas.topics import name_problem


def start_and_data(saga: Saga[Any, Any]) -> Iterator[DefinitionError]:
    """They are read back from JSON at every transition."""
    for what, kind in (("start", saga.start), ("data", saga.data)):
        yield from _survives(saga, "", what, kind, SagaRecord)


def messages(saga: Saga[Any, Any]) -> Iterator[DefinitionError]:
    """A signal's message may wait in the saga's state."""
    assert saga.flow is not None
    for node in walk(saga.flow):
        if isinstance(node, WaitSignal):
            yield from _survives(saga, node.name, "message", node.message, SagaRecord)


def replies(saga: Saga[Any, Any]) -> Iterator[DefinitionError]:
    """A step's reply may be kept for its compensation."""
    for step in saga.steps:
        if step.asking.reply is not None:
            yield from _survives(saga, step.name, "reply", step.asking.reply, ReplyRecord)


def known_lanes(saga: Saga[Any, Any]) -> Iterator[DefinitionError]:
    """A lane's schemas say what a command and its reply are."""
    for name, asking in _askings(saga):
        for role in ("request", "result"):
            try:
                avsc.load(asking.send, role)
            except Misconfigured as error:
                yield DefinitionError(saga.name, name, str(error), "send it to one of those lanes")


def legal_topics(saga: Saga[Any, Any]) -> Iterator[DefinitionError]:
    """What Kafka would refuse must not be found in a transaction."""
    for name, asking in _askings(saga):
        problem = None if asking.to is None else name_problem(asking.to)
        if problem is not None:
            yield DefinitionError(saga.name, name, problem, "name another topic in `to`, or leave it out")


def reply_fields(saga: Saga[Any, Any]) -> Iterator[DefinitionError]:
    """A field that no result has would make every reply unreadable."""
    for step in saga.steps:
        if step.asking.reply is None:
            continue
        schema = avsc.load(step.asking.send, "result")
        known = [field["name"] for field in schema.definition["fields"]]
        for field in step.asking.reply.model_fields:
            if field not in known:
                fault = f"its reply {step.asking.reply.__name__}.{field} is no field of {schema.name}"
                yield DefinitionError(saga.name, step.name, fault, f"use some of {', '.join(known)}")


def collected_field(saga: Saga[Any, Any]) -> Iterator[DefinitionError]:
    """What a loop collects must have a place."""
    assert saga.flow is not None
    for node in walk(saga.flow):
        if isinstance(node, ForEach) and node.collect is not None and node.collect not in saga.data.model_fields:
            fault = f"its replies are collected into {node.collect!r}, which {saga.data.__name__} lacks"
            yield DefinitionError(saga.name, node.body, fault, "add the field, or leave `collect` out")


def _askings(saga: Saga[Any, Any]) -> Iterator[tuple[str, Asking]]:
    for step in saga.steps:
        yield step.name, step.asking
        if step.undo is not None:
            yield step.name, step.undo


def _survives(saga: Saga[Any, Any], step: str, what: str, kind: Any, base: type) -> Iterator[DefinitionError]:
    if not isinstance(kind, type) or not issubclass(kind, base):
        fault = f"its {what} is {getattr(kind, '__name__', kind)!r}"
        yield DefinitionError(saga.name, step, fault, f"make it a subclass of sagas.records.{base.__name__}")
        return
    try:
        kind.model_json_schema(mode="serialization")  # type: ignore[attr-defined]  # both bases are models
    except Exception as error:  # pydantic raises several kinds for types that JSON has no form for
        fault = f"its {what} {kind.__name__} can't be written as JSON: {error}"
        yield DefinitionError(saga.name, step, fault, "use types that pydantic can write and read as JSON")


RECORDS = (start_and_data, messages, replies, known_lanes, legal_topics, reply_fields, collected_field)
