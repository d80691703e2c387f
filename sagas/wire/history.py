"""A saga's history, to and from Avro."""

from collections.abc import Mapping
from typing import Any

from sagas import values
from sagas.errors import HistoryError
from sagas.events import NOTHING, EventKind, HistoryEvent
from sagas.wire.schema import schema
from schemas.decoder import decoder_for
from schemas.encoder import row_encoder_for

_KINDS = {str(kind): kind for kind in EventKind}
_encode = row_encoder_for(schema("history"))
_decode = decoder_for(schema("history"), schema("history"))


def encode_event(event: HistoryEvent) -> bytes:
    """The event as Avro, without a frame."""
    return _encode(
        (
            event.saga_id, event.run, event.seq, event.at_ms, event.saga, event.version, event.hash, event.kind,
            event.step, event.attempt, event.actor, event.reason, values.dumps(event.body) if event.body else b"",
            event.data, event.result,
        )
    )  # fmt: skip


def decode_event(value: bytes) -> HistoryEvent:
    """The event of unframed Avro of the present schema; raises Unreadable or HistoryError."""
    return event_from(_decode(value))


def event_record(event: HistoryEvent) -> dict[str, Any]:
    """The event as a record of the schema."""
    return {
        "saga_id": event.saga_id,
        "run": event.run,
        "seq": event.seq,
        "at_ms": event.at_ms,
        "saga": event.saga,
        "version": event.version,
        "hash": event.hash,
        "event": event.kind,
        "step": event.step,
        "attempt": event.attempt,
        "actor": event.actor,
        "reason": event.reason,
        "body": values.dumps(event.body) if event.body else b"",
        "data": event.data,
        "result": event.result,
    }


def event_from(record: Mapping[str, Any]) -> HistoryEvent:
    """The event that a record holds; raises HistoryError for a kind that is unknown here, or a body that is no JSON."""
    kind = _KINDS.get(record["event"])
    if kind is None:
        raise HistoryError(f"the event {record['event']!r} is unknown here: read it with the version that wrote it")
    body = record["body"]
    try:
        known = values.loads(body) if body else NOTHING
    except ValueError as error:
        raise HistoryError(
            f"the body of event {record['seq']} of saga {record['saga_id']!r} is no JSON: {error}"
        ) from error
    return HistoryEvent(
        record["saga_id"], record["run"], record["seq"], record["at_ms"], record["saga"], record["version"],
        record["hash"], kind, record["step"], record["attempt"], record["actor"], record["reason"], known,
        record["data"], record["result"],
    )  # fmt: skip
