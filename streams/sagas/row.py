"""A saga as the lane's store keeps it: when it has something due next, what is the matter with it, its state, framed.

These two stand in front so that a partition's timers, and how many sagas wait for a person, are known without reading
the sagas. The frame is Confluent's and says by which version of the schema the state was written: a worker of another
version reads it all the same.
"""

from struct import Struct

from sagas.instance import Instance, Status
from sagas.wire.instance import decode_instance, instance_from
from sagas.wire.schema import schema
from schemas.codec import FRAME, Codec, frame, read_frame
from schemas.decoder import Decode, decoder_for
from schemas.errors import Unreadable
from schemas.registry import Registry
from schemas.subjects import subject
from streams.timers.timekeeper import TimerSource

STORE = "sagas"
NEVER = -1
_DUE = Struct(">q")
_HEAD = Struct(">qB")
_PARKED, _ASIDE = 1, 2
_STATE = _HEAD.size + FRAME


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

    def pack(self, instance: Instance, state: bytes) -> bytes:
        """The row of a saga, whose state is given as the engine writes it."""
        head = _HEAD.pack(next_due(instance), _PARKED if instance.status is Status.NEEDS_ATTENTION else 0)
        return b"".join((head, self._frame, state))

    def unpack(self, row: bytes) -> Instance:
        """The saga of a row. Raises Unreadable, SchemaPending."""
        if len(row) < _STATE:
            raise Unreadable(f"{len(row)} bytes are too few for a saga's row: does another program write here?")
        found = row[_HEAD.size : _STATE]
        if found == self._frame:
            return decode_instance(row[_STATE:])
        decode = self._decoders.get(found)
        if decode is None:
            assert self._registry is not None
            writer = self._registry.cached(read_frame(row[_HEAD.size :]))
            decode = self._decoders[found] = decoder_for(writer, schema("instance"), _STATE)
        try:
            return instance_from(decode(row))
        except KeyError as error:
            raise Unreadable(f"a saga's state that a newer version wrote: {error} is unknown here") from error


def with_due(row: bytes, due_ms: int) -> bytes:
    """The row with another due time."""
    return _DUE.pack(due_ms) + row[_DUE.size :]


def due_of(row: bytes) -> int | None:
    """When a row's saga has something due, or None. Never raises: one row that is none must not keep a partition."""
    if len(row) < _HEAD.size:
        return None
    due_ms: int = _DUE.unpack_from(row)[0]
    return None if due_ms == NEVER else due_ms


def is_parked(row: bytes) -> bool:
    """Whether a row's saga waits for a person."""
    return bool(_signs(row) & _PARKED)


def is_aside(row: bytes) -> bool:
    """Whether something of the row's saga was set aside, and nothing has changed the saga since."""
    return bool(_signs(row) & _ASIDE)


def set_aside(row: bytes) -> bytes:
    """The row of a saga of which something is set aside."""
    return row[: _DUE.size] + bytes([_signs(row) | _ASIDE]) + row[_HEAD.size :]


def _signs(row: bytes) -> int:
    return row[_DUE.size] if len(row) > _DUE.size else 0


def next_due(instance: Instance) -> int:
    """When the saga's next timer is due, or NEVER."""
    return min([timer.due_ms for timer in instance.timers.values()]) if instance.timers else NEVER


TIMERS = TimerSource(STORE, due_of, is_parked)
