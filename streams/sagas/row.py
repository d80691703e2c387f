"""A saga as the lane's store keeps it: when it has something due next, then its state in Confluent's frame.

The due time stands in front so that a partition's timers are known without reading the sagas. The frame says by which
version of the schema the state was written: a worker of another version reads it all the same.
"""

from struct import Struct

from sagas.instance import Instance
from sagas.wire.instance import decode_instance, instance_from
from sagas.wire.schema import schema
from schemas.codec import FRAME, Codec, frame, read_frame
from schemas.decoder import Decode, decoder_for
from schemas.registry import Registry
from schemas.subjects import subject
from streams.timers.timekeeper import TimerSource

STORE = "sagas"
NEVER = -1
_DUE = Struct(">q")
_STATE = _DUE.size + FRAME


class Rows:
    """Writes and reads rows, once it is connected."""

    def __init__(self, topic: str) -> None:
        self._subject = subject(topic, schema("instance").name)
        self._frame = b""
        self._registry: Registry | None = None
        self._decoders: dict[bytes, Decode] = {}

    def connect(self, registry: Registry) -> None:
        """Learns the schema's id. Blocks; raises SchemaNotFound, RegistryUnavailable."""
        self._registry = registry
        if self._frame:
            return
        self._frame = frame(Codec(schema("instance"), self._subject, registry).bind())

    def pack(self, state: bytes, due_ms: int) -> bytes:
        """The row of a saga's state, as the engine keeps it."""
        return b"%b%b%b" % (_DUE.pack(due_ms), self._frame, state)

    def unpack(self, row: bytes) -> Instance:
        """The saga of a row. Raises Unreadable, SchemaPending."""
        found = row[_DUE.size : _STATE]
        if found == self._frame:
            return decode_instance(row[_STATE:])
        decode = self._decoders.get(found)
        if decode is None:
            assert self._registry is not None
            writer = self._registry.cached(read_frame(row[_DUE.size :]))
            decode = self._decoders[found] = decoder_for(writer, schema("instance"), _STATE)
        return instance_from(decode(row))


def with_due(row: bytes, due_ms: int) -> bytes:
    """The row with another due time."""
    return _DUE.pack(due_ms) + row[_DUE.size :]


def due_of(row: bytes) -> int | None:
    """When a row's saga has something due, or None."""
    due_ms: int = _DUE.unpack_from(row)[0]
    return None if due_ms == NEVER else due_ms


def next_due(instance: Instance) -> int:
    """When the saga's next timer is due, or NEVER."""
    return min([timer.due_ms for timer in instance.timers.values()], default=NEVER)


TIMERS = TimerSource(STORE, due_of)
