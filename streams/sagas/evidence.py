"""Reads what `verifying` checks: everything the lane of sagas wrote, and the commands that participants got."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sagas.participants.ledger import Account
from sagas.participants.ledger import Status as LedgerStatus
from sagas.participants.ledger_book import ACCOUNTS, RESERVATIONS, read_account
from schemas.registry import Registry
from schemas.topics import requests_topic
from streams.binding import bind
from streams.client.any_decoder import AnyDecoder
from streams.client.connection import admin, partition_counts
from streams.client.reading import TopicReader
from streams.sagas.inbox import ATTEMPT, SAGA_ID
from streams.sagas.inputs import number
from streams.sagas.outlets import topic_of
from streams.sagas.reading import SagaReader, trimmed
from streams.sagas.verifying import Evidence, Key
from streams.settings import Settings
from streams.state.wire import decode_key


def gather(settings: Settings, registry: Registry) -> Evidence:
    """The evidence now. Blocks; raises the client's errors.

    The topics are not read at one instant: a saga that goes on meanwhile may be seen in two states.
    """
    reader = SagaReader(settings, registry)
    forms = {(one["name"], one["version"]): json.loads(one["form"]) for one in reader.definitions()}
    known = partition_counts(admin(settings), settings)
    # Of a definition whose participants are not there, no saga can have started.
    there = [one for one in targets(settings, forms.values()) if one in known]
    commands, senders = commands_on(settings, registry, there)
    outcomes, attention = reader.outcomes(), reader.attention()
    histories, states = reader.histories(), reader.states()
    accounts, reserved = books(settings) if bind(settings, "ledger").state in known else ({}, {})
    return Evidence(
        histories, states, outcomes, attention, commands, forms, accounts, reserved, senders, reader.topics()
    )


def books(settings: Settings) -> tuple[dict[str, Account], dict[str, int]]:
    """The ledger's accounts, and what its open reservations add up to, by tenant."""
    reader, topic = TopicReader(settings, "sagas"), bind(settings, "ledger").state
    latest = {record.key: record.value for record in reader.read(reader.spans(reader.partitions([topic])))}
    accounts: dict[str, Account] = {}
    reserved: Counter[str] = Counter()
    for record_key, value in latest.items():
        store, key = decode_key(record_key)
        if value is not None and store == ACCOUNTS:
            accounts[key.decode()] = read_account(value)
        elif value is not None and store == RESERVATIONS:
            kept = json.loads(value)
            if kept["status"] == LedgerStatus.RESERVED:
                reserved[key.partition(b"\0")[0].decode()] += kept["amount"]
    return accounts, dict(reserved)


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


def commands_on(
    settings: Settings, registry: Registry, topics: Iterable[str]
) -> tuple[Mapping[Key, int] | None, Mapping[Key, tuple[str, int]]]:
    """How often each command of a saga is there, and which saga sent it and when (milliseconds since 1970).

    None and nothing where a topic has lost records, so that nobody can say.
    """
    reader, decode = TopicReader(settings, "sagas"), AnyDecoder(registry)
    places = reader.partitions(sorted(topics))
    found: Counter[Key] = Counter()
    senders: dict[Key, tuple[str, int]] = {}
    if trimmed(reader, places):
        return None, senders
    for record in reader.read(reader.spans(places)):
        saga_id = record.header(SAGA_ID)
        if record.value is not None and saga_id is not None:
            key = decode(record.value)["request_id"], number(record.header(ATTEMPT))
            found[key] += 1
            senders[key] = saga_id.decode("utf-8", "replace"), record.timestamp
    return found, senders
