"""Where records of strangers come in: the admission of every lane, the inbox of sagas, schemas, dead letters."""

import json
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from confluent_kafka import Message

from sagas.wire.messages import LANE
from schemas import avsc
from schemas.avro_schema import AvroSchema
from schemas.codec import FRAME, Codec
from schemas.dead_letter import connect_headers
from schemas.decoder import decoder_for
from schemas.encoder import encoder_for
from schemas.envelope import Header
from schemas.errors import SchemaPending, SchemaUnsafe, Unreadable
from schemas.outcome import Failed
from schemas.registry import Stored
from schemas.result import result_record
from schemas.subjects import subject
from schemas.testing import MemoryRegistry
from streams.admission import Admission
from streams.binding import Binding, bind
from streams.client.any_decoder import AnyDecoder
from streams.client.letters import NothingToReplay, WrongSelector, letters, replay
from streams.client.record import Record
from streams.definition import Reception
from streams.entry import Entry
from streams.lanes import catalogue
from streams.partition import Partition
from streams.proof.fuzzing.headers import join, split
from streams.proof.fuzzing.samples import as_json, records
from streams.proof.fuzzing.target import Target
from streams.repeats.book import AnswerBook, Bounds
from streams.sagas.inbox import Inbox, reply_types
from streams.settings import Settings

NOW = 1_790_000_000_000
JSON: Header = ("content-type", b"application/json")
ASKED: tuple[tuple[Header, ...], ...] = (
    (),
    (("deadline", b"1790000000001"), ("reply-to", b"answers"), ("reply-key", b"k"), ("x-mine", b"1")),
    (("ce_id", b"1"), ("traceparent", b"00-1-1-00"), ("correlation-id", b"c"), ("other", None)),
)
ELSEWHERE = "sluicegate.fuzzing.Other"


class Door:
    """One lane's reception with nothing behind it, and a registry that has its schemas and two that are not its own."""

    def __init__(self, settings: Settings, lane: str) -> None:
        self.lane, self.schema = lane, avsc.load(lane, "request")
        self.registry = MemoryRegistry()
        self.binding: Binding = bind(settings, lane)
        self.codec = Codec(self.schema, subject(self.binding.requests[0]), self.registry)
        self.registry.register(self.codec.subject, self.schema)
        self.codec.bind()
        self.answer = encoder_for(avsc.load(lane, "result"))
        self.reception = self._reception()
        for number, schema in enumerate((newer(self.schema), other(), *reply_types().values()), 7):
            self.registry.source.ids[number] = Stored(schema.text)
            self.registry.fetch(number)

    def admit(self, data: bytes) -> None:
        """Lets a record in: its entry is an answer, a dead letter or a request. Raises what the reception raises."""
        headers, value = split(data)
        entry = self.let_in(headers, value, value[:8])
        assert entry.dead_letter is not None or "request_id" in entry.record, "neither a request nor a dead letter"
        assert entry.dead_letter is None or entry.dead_letter.value == value, "a dead letter is not what was sent"
        if isinstance(entry.outcome, Failed):
            self.answer(result_record(entry.record["request_id"], entry.outcome, "model", "1", 0.0, 0.0))

    def let_in(self, headers: Sequence[Header], value: bytes | None, key: bytes | None = None) -> Entry:
        """The entry of a record. Raises what the reception raises: SchemaPending, if all is well."""
        return self.receive(Message(self.binding.requests[0], 0, 3, key, value, list(headers) or None, None, (1, NOW)))

    def receive(self, message: Any) -> Entry:
        """The entry of a message, as the client library hands it out. Raises as `let_in`."""
        partition = Partition(self.binding.requests[0], 0, AnswerBook(Bounds(100, 1 << 20, 1_000)))
        return self.reception.admit(partition, message, NOW)

    def seeds(self) -> list[bytes]:
        """Requests as Avro, by three writers, and as JSON; each with some headers."""
        found: list[bytes] = []
        for record in records(self.lane):
            value = self.codec.encode(record)
            found += [join(headers, value) for headers in ASKED]
            found.append(join(ASKED[1], b"\x00\x00\x00\x00\x07" + value[FRAME:] + b"\x02\x02"))
            found.append(join([JSON, *ASKED[2]], json.dumps(as_json(record)).encode()))
        found.append(join([], b"\x00\x00\x00\x00\x08\x02"))
        found.append(join([], b"\x00\x00\x00\x00\x63\x02"))
        return found

    def _reception(self) -> Reception:
        if self.lane == LANE:
            return Inbox(self.binding, self.codec, self.registry, lambda: 4)
        model = catalogue()[self.lane].request
        return Admission(self.lane, self.codec, model, None, self.binding.dead_letters_of, remember=True)


def newer(schema: AvroSchema) -> AvroSchema:
    """The same record, written by a version that has one field more."""
    fields = [*schema.definition["fields"], {"name": "later", "type": {"type": "array", "items": "long"}}]
    return AvroSchema.read({**schema.definition, "fields": fields})


def other() -> AvroSchema:
    """A record that no lane reads."""
    return AvroSchema.read({"type": "record", "name": ELSEWHERE, "fields": [{"name": "a", "type": "int"}]})


def read_schema(value: bytes) -> None:
    """Takes a schema as the registry hands it out, and reads nothing with it."""
    schema = AvroSchema.read(value.decode("utf-8", "replace"))
    for reader in (schema, avsc.load("echo", "request")):
        try:
            decoder_for(schema, reader)(b"\x00\x02\x04")
        except Unreadable:
            continue


def read_letters(data: bytes) -> None:
    """Lists what lies in the topic of dead letters, and replays it."""
    headers, value = split(data)
    for letter in letters([Record("letters", 0, 1, NOW, b"k", value or None, headers)]):
        assert letter.report()
        replay(letter)


def seeds_of_letters() -> Iterator[bytes]:
    """Dead letters, one of which was sent by somebody who knows our headers."""
    ours = [("x-sluicegate-replayed", b"0:1"), ("x-sluicegate-omitted", b"5 bytes")]
    texts = ("topic", "partition", "offset", "exception.message")
    for sent in ([], ours):
        whole = connect_headers("t", 0, 5, "echo", "why", ValueError, "stage", sent, timestamp=NOW)
        known = [one for one in whole if one[0].rpartition("errors.")[2] in texts or one[0].startswith("x-")]
        yield join(known, b"value")
    yield join(ours[:1], b"")


def doors(settings: Settings) -> Iterator[Target]:
    """The targets."""
    for lane in avsc.lanes():
        door = Door(settings, lane)
        yield Target(f"admission of {lane}", door.seeds(), door.admit, (SchemaPending,))
    texts = [json.dumps(avsc.load(lane, role).definition).encode() for lane in avsc.lanes() for role in ROLES]
    yield Target("schemas", texts, read_schema, (SchemaUnsafe,))
    yield Target("dead letters", list(seeds_of_letters()), read_letters, (NothingToReplay, WrongSelector))
    echo = Door(settings, "echo")
    decode = AnyDecoder(echo.registry)
    values = [split(seed)[1] for seed in echo.seeds()]
    yield Target("tail", values, partial(AnyDecoder.__call__, decode), (Unreadable,))


ROLES: tuple[avsc.Role, ...] = ("request", "result")
