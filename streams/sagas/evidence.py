"""Reads what `verifying` checks: everything the lane of sagas wrote, and the commands that participants got."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from sagas.participants.ledger import Account
from sagas.participants.ledger import Status as LedgerStatus
from sagas.participants.ledger_book import ACCOUNTS, RESERVATIONS, read_account
from schemas.registry import Registry
from schemas.topics import requests_topic
from streams.binding import bind
from streams.client.any_decoder import AnyDecoder
from streams.client.connection import admin, partition_counts
from streams.client.reading import TopicReader
from streams.provisioning.topics import HOUR_MS
from streams.sagas.credits import Asked, Credits, Held, asked_of_ledger
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
    commands = commands_on(settings, registry, there)
    outcomes, attention = reader.outcomes(), reader.attention()
    histories, states = reader.histories(), reader.states()
    # Read after the histories: what a saga knows to be done, the ledger has done.
    accounts, reserved, held = books(settings) if bind(settings, "ledger").state in known else ({}, {}, {})
    closed = Credits(commands.asked, held, settings.ledger.remember_hours * HOUR_MS)
    return Evidence(
        histories, states, outcomes, attention, commands.counts, forms, accounts, reserved, commands.senders, closed,
        reader.topics(),
    )  # fmt: skip


def books(settings: Settings) -> tuple[dict[str, Account], dict[str, int], dict[tuple[str, str], Held]]:
    """The ledger's accounts, what its open reservations add up to, by tenant, and all reservations."""
    reader, topic = TopicReader(settings, "sagas"), bind(settings, "ledger").state
    latest = {record.key: record.value for record in reader.read(reader.spans(reader.partitions([topic])))}
    accounts: dict[str, Account] = {}
    reserved: Counter[str] = Counter()
    held: dict[tuple[str, str], Held] = {}
    for record_key, value in latest.items():
        store, key = decode_key(record_key)
        if value is not None and store == ACCOUNTS:
            accounts[key.decode()] = read_account(value)
        elif value is not None and store == RESERVATIONS:
            kept, (tenant, _, name) = json.loads(value), key.decode().partition("\0")
            held[tenant, name] = Held(LedgerStatus(kept["status"]), kept["at"])
            if kept["status"] == LedgerStatus.RESERVED:
                reserved[tenant] += kept["amount"]
    return accounts, dict(reserved), held


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


class Commands(NamedTuple):
    """The commands of sagas: how often each is there, which saga sent it and when (milliseconds since 1970).

    `counts` is None where a topic has lost records, so that nobody can say. `asked` is what they ask of the ledger.
    """

    counts: Mapping[Key, int] | None
    senders: Mapping[Key, tuple[str, int]]
    asked: Mapping[str, Asked]


def commands_on(settings: Settings, registry: Registry, topics: Iterable[str]) -> Commands:
    """All commands of sagas on these topics."""
    reader, decode = TopicReader(settings, "sagas"), AnyDecoder(registry)
    places = reader.partitions(sorted(topics))
    counts: Counter[Key] = Counter()
    senders: dict[Key, tuple[str, int]] = {}
    asked: dict[str, Asked] = {}
    for record in reader.read(reader.spans(places)):
        saga_id = record.header(SAGA_ID)
        if record.value is None or saga_id is None:
            continue
        command = decode(record.value)
        key = command["request_id"], number(record.header(ATTEMPT))
        counts[key] += 1
        senders[key] = saga_id.decode("utf-8", "replace"), record.timestamp
        about = asked_of_ledger(command)
        if about is not None:
            asked[key[0]] = about
    return Commands(None if trimmed(reader, places) else counts, senders, asked)
