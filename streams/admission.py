"""What becomes of a record that was read: a request to infer, an answer known already, or a dead letter.

Decides from the record, the lane's codec and the partition's memory of repeats; time is passed in. The one thing that
it can't decide at once is a schema id that the registry was not asked for yet: `SchemaPending` parks the partition.
"""

from collections.abc import Callable, Mapping
from typing import Any

from confluent_kafka import Message
from pydantic import BaseModel, ValidationError

from schemas.codec import Codec
from schemas.dead_letter import connect_headers
from schemas.envelope import Envelope, read_headers
from schemas.errors import InvalidArgument, Unreadable
from schemas.outcome import Code, Failed
from schemas.records import checker, first_problem
from streams import steady_clock
from streams.entry import Entry
from streams.failpoints import passing
from streams.headers import Headers, headers_of, size_of
from streams.output import Output
from streams.partition import Partition
from streams.repeats.answer import Answer
from streams.repeats.decision import Decision, decide
from streams.repeats.digest import digest_id, digest_payload

CONFLICT = Failed(
    Code.REQUEST_ID_CONFLICT,
    "another request with this request_id and another payload came before; use a new request_id",
)
TOO_LATE = Failed(Code.DEADLINE_EXCEEDED, "the deadline had passed before inference began", retriable=True)


class Admission:
    """Turns messages into entries, for one lane; `dead_letters` says where the unreadable ones of a topic go."""

    def __init__(
        self,
        lane: str,
        codec: Codec,
        request: type[BaseModel],
        cost: Callable[[Mapping[str, Any]], int] | None,
        dead_letters: Callable[[str], str],
        *,
        remember: bool,
    ) -> None:
        self._lane = lane
        self._codec = codec
        self._check = checker(request)
        self._cost = cost
        self._dead_letters = dead_letters
        self._remember = remember

    def admit(self, owner: Partition, message: Message, now_ms: int) -> Entry:
        """The entry for one message. Raises SchemaPending while its schema is not known to be there or not."""
        value, key = message.value(), message.key()
        headers: Headers | None = None
        size = len(value or b"") + len(key or b"") + 64
        entry = Entry(owner, message.offset() or 0, message.timestamp()[1], key, size)
        passing("decode.before")
        try:
            headers = headers_of(message)
            if headers:
                entry.size += size_of(headers)
                entry.envelope = read_headers(headers)
            entry.record = self._codec.decode_json(value) if entry.envelope.json else self._codec.decode(value)
            passing("decode.after")
            self._judge(entry, value, now_ms)
        except Unreadable as error:
            entry.dead_letter = self._bury(entry, value, headers, error)
        except InvalidArgument as error:
            try:
                self._refuse(entry, value, error)
            except Unreadable as worse:
                entry.dead_letter = self._bury(entry, value, headers, worse)
        return entry

    def bury_unread(self, owner: Partition, reason: str) -> Entry:
        """The entry of a record that the client library could not take apart: a dead letter without its bytes."""
        entry = Entry(owner, owner.position, steady_clock.now_ms(), None, 64)
        entry.dead_letter = self._bury(entry, None, None, Unreadable(reason))
        return entry

    def _read(self, value: bytes | None, envelope: Envelope) -> dict[str, Any]:
        return self._codec.decode_json(value) if envelope.json else self._codec.decode(value)

    def _judge(self, entry: Entry, value: bytes | None, now_ms: int) -> None:
        record = entry.record
        try:
            self._check(record)
        except ValidationError as error:
            entry.outcome = invalid(error)
        deadline = entry.envelope.deadline
        late = deadline is not None and deadline <= now_ms
        if self._remember:
            digest = entry.id_digest = digest_id(record["request_id"])
            entry.payload_digest = digest_payload(self._codec.encode(record) if entry.envelope.json else value or b"")
            owner = entry.owner
            twin = owner.in_flight.get(digest)
            answer = owner.book.recall(digest, now_ms) if twin is None else None
            if twin is None and answer is None and not late:
                owner.in_flight.enter(digest, entry)
            else:
                self._compare(entry, twin, answer, late)
        elif late:
            entry.outcome = TOO_LATE
        if entry.outcome is None and self._cost is not None:
            entry.cost = self._cost(record)

    def _compare(self, entry: Entry, twin: Entry | None, answer: Answer | None, late: bool) -> None:
        """Decides by the table of repeats. A verdict on its values stays, in case there is nothing to repeat."""
        if twin is not None:
            decision = decide(in_flight=True, same_payload=entry.payload_digest == twin.payload_digest, late=late)
        elif answer is not None:
            same = entry.payload_digest == answer.payload_digest
            decision = decide(known=True, same_payload=same, late=late)
        else:
            decision = Decision.NEW
        if decision is Decision.CONFLICT:
            entry.outcome = CONFLICT
        elif late:
            entry.outcome = TOO_LATE
        elif decision is Decision.REPLAY:
            entry.replay = answer
        elif entry.id_digest is not None:
            entry.leader = entry.owner.in_flight.enter(entry.id_digest, entry)

    def _refuse(self, entry: Entry, value: bytes | None, error: InvalidArgument) -> None:
        """Answers a request whose headers, or whose fields in JSON, are wrong. Raises Unreadable, SchemaPending."""
        if error.envelope is not None:
            entry.envelope = error.envelope
        request_id = error.request_id
        if request_id is None:
            try:
                request_id = self._read(value, entry.envelope)["request_id"]
            except InvalidArgument as second:
                request_id = second.request_id
        entry.record = {"request_id": request_id}
        entry.outcome = Failed(error.code, str(error), details={"field": error.field})

    def _bury(self, entry: Entry, value: bytes | None, headers: Any, error: Unreadable) -> Output:
        why = connect_headers(
            entry.topic,
            entry.partition,
            entry.offset,
            self._lane,
            error.reason,
            type(error),
            error.stage,
            headers,
            timestamp=entry.timestamp,
        )
        return Output(self._dead_letters(entry.topic), value, entry.key, -1, why)


def invalid(error: ValidationError) -> Failed:
    """The answer to a request whose values are wrong: the first wrong field, named."""
    field, problem = first_problem(error)
    details = {"field": field, "errors": str(error.error_count())}
    return Failed(Code.INVALID_ARGUMENT, f"{field}: {problem}", details=details)
