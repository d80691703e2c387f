"""What comes into the inbox: commands, and the replies of participants, told apart by the schema they are written with.

Every lane's result is a reply. Whatever else can be read is nothing that a saga could wait for: a dead letter, as what
can't be read.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from confluent_kafka import Message
from pydantic import ValidationError

from sagas.wire.messages import LANE, SagaCommand
from schemas import avsc
from schemas.avro_schema import AvroSchema
from schemas.codec import FRAME, Codec, frame, read_frame
from schemas.dead_letter import connect_headers
from schemas.decoder import Decode, decoder_for
from schemas.envelope import NO_HEADERS, Header, read_headers
from schemas.errors import InvalidArgument, Unreadable
from schemas.outcome import Failed
from schemas.partitioner import partition_for
from schemas.records import checker
from schemas.registry import Registry
from streams import steady_clock
from streams.admission import TOO_LATE, invalid
from streams.binding import Binding
from streams.entry import Entry
from streams.headers import headers_of, size_of
from streams.output import Output
from streams.partition import Partition

Headers: TypeAlias = list[Header] | None
COMMAND = "sluicegate.sagas.SagaCommand"
SAGA_ID, RUN, ATTEMPT = "x-saga-id", "x-saga-run", "x-saga-attempt"
_MAX_TYPES, _MAX_TEXT = 1_000, 8 * 1_048_576


class InboxEntry(Entry):
    """A command or a reply; `type_name` is its record's full name, `value` and `headers` are what was read."""

    __slots__ = ("headers", "type_name", "value")

    def __init__(self, owner: Partition, message: Message, size: int) -> None:
        super().__init__(owner, message.offset() or 0, message.timestamp()[1], message.key(), size)
        self.type_name = ""
        self.value: bytes | None = message.value()
        self.headers: Headers = None


def reply_types() -> dict[str, AvroSchema]:
    """The result records of all lanes but this one, by their full name."""
    schemas = (avsc.load(lane, "result") for lane in avsc.lanes() if lane != LANE)
    return {schema.name: schema for schema in schemas}


class Inbox:
    """Turns messages into entries, for the lane of sagas; implements `streams.definition.Reception`.

    `partitions` says how many the inbox has, once that is known.
    """

    def __init__(
        self,
        binding: Binding,
        commands: Codec,
        registry: Registry,
        partitions: Callable[[], int | None],
        replies: Mapping[str, AvroSchema] | None = None,
    ) -> None:
        self._lane, self._dead_letters = binding.name, binding.dead_letters
        self._commands = commands
        self._registry = registry
        self._partitions = partitions
        self._replies = reply_types() if replies is None else replies
        self._check = checker(SagaCommand)
        self._known: dict[bytes, tuple[str, Decode]] = {}
        self._text = 0

    def admit(self, owner: Partition, message: Message, now_ms: int) -> Entry:
        """The entry for one message. Raises SchemaPending while its schema is not known to be there or not."""
        value = message.value()
        entry = InboxEntry(owner, message, len(value or b"") + len(message.key() or b"") + 64)
        try:
            entry.headers = headers_of(message)
            if entry.headers:
                entry.size += size_of(entry.headers)
            known = self._known.get(value[:FRAME]) if value is not None else None
            if known is not None and known[0] != COMMAND:
                # A reply asks for nothing: whatever its headers say, is for its saga alone.
                entry.type_name, entry.record = known[0], known[1](value)  # type: ignore[arg-type]
                return entry
            if entry.headers:
                entry.envelope = read_headers(entry.headers)
            self._read(entry, value)
            if entry.type_name == COMMAND:
                self._judge(entry, now_ms)
            else:
                entry.envelope = NO_HEADERS
        except Unreadable as error:
            entry.dead_letter = self._bury(entry, value, entry.headers, error)
        except InvalidArgument as error:
            self._refuse(entry, value, error)
        return entry

    def bury_unread(self, owner: Partition, reason: str) -> Entry:
        """The entry of a record that the client library could not take apart: a dead letter without its bytes."""
        entry = Entry(owner, owner.position, steady_clock.now_ms(), None, 64)
        entry.dead_letter = self._bury(entry, None, None, Unreadable(reason))
        return entry

    def _read(self, entry: InboxEntry, value: bytes | None) -> None:
        if entry.envelope.json:
            entry.type_name, entry.record = COMMAND, self._commands.decode_json(value)
            return
        try:
            entry.type_name, decode = self._known[value[:FRAME]]  # type: ignore[index] # None is a tombstone, and rare
        except (KeyError, TypeError):
            entry.type_name, decode = self._decoder(value)
        entry.record = decode(value)  # type: ignore[arg-type]

    def _decoder(self, value: bytes | None) -> tuple[str, Decode]:
        schema_id = read_frame(value)
        writer = self._registry.cached(schema_id)
        reader = self._commands.schema if writer.name == COMMAND else self._replies.get(writer.name)
        if reader is None:
            known = ", ".join(sorted(self._replies))
            raise Unreadable(f"a {writer.name} is neither a command ({COMMAND}) nor a lane's result ({known})")
        if len(self._known) >= _MAX_TYPES or self._text > _MAX_TEXT:
            self._known.clear()
            self._text = 0
        self._text += len(writer.text)
        found = self._known[frame(schema_id)] = writer.name, decoder_for(writer, reader, FRAME)
        return found

    def _judge(self, entry: InboxEntry, now_ms: int) -> None:
        """A command whose values are wrong, that is too late, or that came to the wrong place, is answered at once."""
        try:
            self._check(entry.record)
        except ValidationError as error:
            entry.outcome = invalid(error)
            return
        due = entry.envelope.deadline
        if due is not None and due <= now_ms:
            entry.outcome = TOO_LATE
            return
        partitions = self._partitions()
        home = None if partitions is None else partition_for(entry.record["saga_id"].encode(), partitions)
        if home is not None and home != entry.partition:
            # Elsewhere the saga would have a second state, which nobody else knows.
            raise InvalidArgument(
                "key",
                f"saga {entry.record['saga_id']!r} lives on partition {home} of {entry.topic}, this came to "
                f"{entry.partition}: send the saga's id as the key, with the partitioner murmur2 (Java's default)",
            )

    def _refuse(self, entry: InboxEntry, value: bytes | None, error: InvalidArgument) -> None:
        """Answers a command whose headers or fields are wrong."""
        if error.envelope is not None:
            entry.envelope = error.envelope
        request_id = error.request_id or entry.record.get("request_id")
        try:
            if request_id is None:
                self._read(entry, value)
                request_id = entry.record["request_id"]
        except InvalidArgument as second:
            request_id, entry.type_name = second.request_id, COMMAND
        except Unreadable as worse:
            entry.dead_letter = self._bury(entry, value, entry.headers, worse)
            return
        if entry.type_name not in ("", COMMAND):
            entry.envelope = NO_HEADERS
            return
        entry.record = {"request_id": request_id}
        entry.outcome = Failed(error.code, str(error), details={"field": error.field})

    def _bury(self, entry: Entry, value: bytes | None, headers: Any, error: Unreadable) -> Output:
        why = connect_headers(
            entry.topic, entry.partition, entry.offset, self._lane, error.reason, type(error), error.stage, headers,
            timestamp=entry.timestamp,
        )  # fmt: skip
        return Output(self._dead_letters, value, entry.key, -1, why)
