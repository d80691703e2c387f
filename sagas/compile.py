"""From a definition to what the engine runs: everything is checked here, so that the engine need not."""

import hashlib
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from pydantic import TypeAdapter

from sagas import values
from sagas.checks import check
from sagas.compiled import Compiled, Request, StepSpec
from sagas.definition import Asking, Saga, Step
from sagas.flow import ForEach, WaitSignal
from sagas.form import form
from sagas.nodes import walk
from schemas import avsc
from schemas.encoder import Encode, encoder_for
from schemas.topics import requests_topic

HASH = 32


def compile_saga(saga: Saga[Any, Any]) -> Compiled:
    """The definition, checked and frozen; raises DefinitionError for the first fault found."""
    check(saga)
    assert saga.flow is not None
    loops = {node.body: node for node in walk(saga.flow) if isinstance(node, ForEach)}
    published = form(saga)
    return Compiled(
        name=saga.name,
        version=saga.version,
        hash=hashlib.sha256(values.dumps(published)).hexdigest()[:HASH],
        start=saga.start,
        data=saga.data,
        saga_id=saga.saga_id,
        initial=saga.initial,
        deadline=saga.deadline,
        on_duplicate_start=saga.on_duplicate_start,
        retain_ms=saga.retain_ms,
        steps=MappingProxyType({step.name: _step(step, loops.get(step.name)) for step in saga.steps}),
        signals=MappingProxyType({node.name: node for node in walk(saga.flow) if isinstance(node, WaitSignal)}),
        flow=saga.flow,
        published=MappingProxyType(published),
    )


def _step(step: Step[Any], loop: ForEach | None) -> StepSpec:
    undo = None if step.undo is None else _request(step.undo, f"{step.name}'s compensation")
    return StepSpec(
        name=step.name,
        kind=step.kind,
        effect=step.effect,
        no_undo=step.no_undo,
        request=_request(step.asking, f"{step.name}()"),
        undo=undo,
        replied=step.replied,
        replying=f"on_reply of {step.name}",
        loop=loop,
        item=None if loop is None or loop.item is None else TypeAdapter(loop.item),
        keeps_result=undo is not None or (loop is not None and loop.collect is not None),
    )


@lru_cache(maxsize=256)
def _encoder(lane: str) -> Encode:
    return encoder_for(avsc.load(lane, "request"))


def _request(asking: Asking, label: str) -> Request:
    sent, answered = avsc.load(asking.send, "request"), avsc.load(asking.send, "result")
    return Request(
        label=label,
        writing=f"writing the {sent.name} of {label}",
        lane=asking.send,
        topic=asking.to or requests_topic(asking.send),
        type_name=sent.name,
        reply_type=answered.name,
        encode=_encoder(asking.send),
        function=asking.function,
        key=asking.key,
        reply=asking.reply,
        rejects=frozenset(asking.rejects),
        retry=asking.retry,
        timeout=asking.timeout,
    )
