"""Reads what `verifying` checks: everything the lane of sagas wrote, and the commands that participants got."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from schemas.registry import Registry
from schemas.topics import requests_topic
from streams.client.any_decoder import AnyDecoder
from streams.client.reading import TopicReader
from streams.sagas.inbox import ATTEMPT, SAGA_ID
from streams.sagas.inputs import number
from streams.sagas.outlets import topic_of
from streams.sagas.reading import SagaReader
from streams.sagas.verifying import Evidence, Key
from streams.settings import Settings


def gather(settings: Settings, registry: Registry) -> Evidence:
    """The evidence now. Blocks; raises the client's errors.

    The topics are not read at one instant: a saga that goes on meanwhile may be seen in two states.
    """
    reader = SagaReader(settings, registry)
    forms = {(one["name"], one["version"]): json.loads(one["form"]) for one in reader.definitions()}
    commands = commands_on(settings, registry, targets(settings, forms.values()))
    outcomes, attention = reader.outcomes(), reader.attention()
    return Evidence(reader.histories(), reader.states(), outcomes, attention, commands, forms)


def targets(settings: Settings, forms: Iterable[Mapping[str, Any]]) -> set[str]:
    """The topics that these definitions send to."""
    return {
        topic_of(settings, asking["send"], asking["to"] or requests_topic(asking["send"]))
        for form in forms
        for asking in askings(form)
    }


def askings(form: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The commands of a definition, those of compensations too."""
    for step in form["steps"].values():
        yield step
        if step["compensation"] is not None:
            yield step["compensation"]


def commands_on(settings: Settings, registry: Registry, topics: Iterable[str]) -> Mapping[Key, int] | None:
    """How often each command of a saga is there; None where a topic has lost records, so that nobody can say."""
    reader, decode = TopicReader(settings, "sagas"), AnyDecoder(registry)
    places = reader.partitions(sorted(topics))
    if any(reader.earliest(places).values()):
        return None
    found: Counter[Key] = Counter()
    for record in reader.read(reader.spans(places)):
        if record.value is not None and record.header(SAGA_ID) is not None:
            found[decode(record.value)["request_id"], number(record.header(ATTEMPT))] += 1
    return found
