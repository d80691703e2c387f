"""What is read back: changelogs, checkpoints, stops, sagas' states, model files, the stream between worker and host."""

import json
import struct
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from hashlib import blake2b
from pathlib import Path

from pydantic import ValidationError

from processors.errors import WeightsRefused
from processors.host.frame import Decoder, encode
from processors.manifest import Manifest, files_folder
from processors.weights import check_safetensors
from sagas.errors import HistoryError
from sagas.events import EventKind, HistoryEvent
from sagas.instance import (
    Attention,
    Direction,
    GroupState,
    Instance,
    SignalState,
    SignalStatus,
    Status,
    StepState,
    StepStatus,
    TimerState,
)
from sagas.wire.history import decode_event, encode_event
from sagas.wire.instance import encode_instance
from sagas.wire.schema import schema
from schemas.errors import SchemaPending, Unreadable
from schemas.subjects import subject
from schemas.testing import MemoryRegistry
from streams import offset_metadata, stops
from streams.proof.fuzzing.target import Target
from streams.repeats.answer import Location, seal, seal_elsewhere, unseal
from streams.repeats.book import AnswerBook, Bounds
from streams.repeats.digest import digest_id, digest_payload
from streams.repeats.record import AnswersUnreadable, pack, unpack
from streams.sagas.row import Rows, due_of, is_parked
from streams.state.checkpoint import Checkpoint, Identity, open_checkpoint, write_checkpoint
from streams.state.partition import PartitionStore
from streams.state.wire import StateUnreadable, encode_key, pack_entries

NOW = 1_790_000_000_000
IDENTITY = Identity("repeats", "changelog", 0, "origin")
DIGEST = 16


def read_answers(value: bytes) -> None:
    """A record of the changelog of answers; every answer in it can be given again."""
    for _, sealed in unpack(value):
        unseal(sealed)
    AnswerBook(Bounds(100, 1 << 20, 1_000)).restore(value, NOW)


def read_state(value: bytes) -> None:
    """A block of a checkpoint, and the first half as a changelog's key."""
    store = PartitionStore("requests", 0, ("store",))
    store.restore(value[: len(value) // 2], value)
    store.restore_block(value)


def read_checkpoint(path: Path, value: bytes) -> None:
    """A file with a digest that is right: what is damaged has another, and is found out before."""
    path.write_bytes(value + blake2b(value, digest_size=DIGEST).digest())
    found = open_checkpoint(path, IDENTITY)
    if isinstance(found, Checkpoint):
        with found:
            assert sum(map(len, found.blocks())) <= len(value)


def read_row(rows: Rows, value: bytes) -> None:
    """A saga's row: its head is read of every row of a partition, its state when something comes for it."""
    due_of(value)
    is_parked(value)
    rows.unpack(value)


def read_metadata(value: bytes) -> None:
    """The text beside a committed offset."""
    offset_metadata.slot_of(value.decode("utf-8", "replace"))


def read_stop(value: bytes) -> None:
    """A record of the control topic."""
    stops.unpack_key(value)
    stops.unpack(value)


def read_weights(value: bytes) -> None:
    """Model files: what passes has its tensors where it says."""
    for tensor in check_safetensors(value).values():
        begin, end = tensor["data_offsets"]
        assert 0 <= begin <= end <= len(value)


def read_manifest(value: bytes) -> None:
    """A manifest, and where its files lie."""
    files_folder(Manifest.model_validate_json(value), Path("processors"))


def read_stream(value: bytes) -> None:
    """A message between worker and host, cut as the value's bytes say: it comes out whole."""
    decoder, data, found = Decoder(), b"".join(encode(value, 1 << 40).chunks), []
    sizes = iter(value or b"\x01")
    while data:
        size = next(sizes, 64) or 1
        found += list(decoder.feed(data[:size]))
        data = data[size:]
    assert found == [value]


def seeds_of_answers() -> list[bytes]:
    """Answers of both kinds."""
    sealed = [seal(digest_payload(b"p"), NOW, b"an answer"), seal(digest_payload(b"q"), NOW - 5, b"", True)]
    sealed.append(seal_elsewhere(digest_payload(b"r"), NOW, Location("results", 3, 1 << 40)))
    return [pack([(digest_id(str(number)), one) for number, one in enumerate(sealed)]), pack([])]


def seeds_of_checkpoint(folder: Path) -> list[bytes]:
    """Checkpoints without their digests."""
    path, found = folder / "seed", []
    for blocks in ([], seeds_of_answers()):
        write_checkpoint(path, IDENTITY, 7, NOW, blocks)
        found.append(path.read_bytes()[:-DIGEST])
    return found


def an_instance() -> Instance:
    """A saga with something of everything."""
    return Instance(
        "s1", 1, "saga", 2, "hash", Status.NEEDS_ATTENTION, Direction.FORWARD, False, 9, 3, b'{"a": 1}', "digest", NOW,
        NOW, 0, "", Attention(NOW, "one", "why"),
        {"one": StepState(StepStatus.DONE, StepStatus.NONE, 1, 0, 1, "key", NOW, b"{}")},
        {"loop": GroupState(2, 1, False, b"[1, 2]")}, {"branch": True},
        {"go": SignalState(SignalStatus.AWAITED, b"")}, {"deadline": TimerState(NOW, 1)}, {"run": 5},
    )  # fmt: skip


def seeds_of_event() -> list[bytes]:
    """Two events of a history."""
    common = ("s1", 1, 0, NOW, "saga", 2, "hash")
    started = HistoryEvent(*common, EventKind.STARTED, body={"digest": "d", "deadline_ms": NOW}, data=b"{}")
    return [encode_event(started), encode_event(HistoryEvent(*common, EventKind.COMPLETED))]


def seeds_of_weights() -> list[bytes]:
    """Sound files of two tensors, and of none."""
    header = {
        "a": {"dtype": "F32", "shape": [2, 1], "data_offsets": [0, 8]},
        "b": {"dtype": "U8", "shape": [4], "data_offsets": [8, 12]},
        "__metadata__": {"x": "y"},
    }
    texts = [json.dumps(one).encode() for one in (header, {})]
    return [struct.pack("<Q", len(text)) + text + bytes(12 * (len(text) > 2)) for text in texts]


def seeds_of_manifest() -> list[bytes]:
    """A manifest with a package of its own and one without."""
    file = {"name": "weights", "sha256": "0" * 64, "bytes": 5}
    plain = {"name": "m", "version": "1", "description": "", "licence": "", "source": "", "files": {"weights": file}}
    return [json.dumps(one).encode() for one in (plain, {**plain, "package": "json.decoder"})]


def stored(folder: Path) -> Iterator[Target]:
    """The targets; checkpoints are written below `folder`."""
    answers = seeds_of_answers()
    entries = [(encode_key("store", b"k%d" % number), b"v" * number) for number in range(3)]
    yield Target("answers", answers, read_answers, (AnswersUnreadable,))
    yield Target("state", [*pack_entries(entries), entries[1][0]], read_state, (StateUnreadable,))
    yield Target("checkpoints", seeds_of_checkpoint(folder), partial(read_checkpoint, folder / "checkpoint"))
    stop = stops.StopKey("group", "topic", 3).pack()
    yield Target("stops", [stops.Stop("why", 5, NOW).pack(), stop], read_stop)
    yield Target("offset metadata", [b"slot=3;done=5-9", json.dumps(asdict(IDENTITY)).encode()], read_metadata)
    rows, registry = Rows("state"), MemoryRegistry()
    registry.register(subject("state", schema("instance").name), schema("instance"))
    rows.connect(registry)
    row = rows.pack(an_instance(), encode_instance(an_instance()))
    yield Target("saga states", [row], partial(read_row, rows), (Unreadable, SchemaPending))
    yield Target("saga histories", seeds_of_event(), decode_event, (Unreadable, HistoryError))
    yield Target("weights", seeds_of_weights(), read_weights, (WeightsRefused,))
    yield Target("manifests", seeds_of_manifest(), read_manifest, (ValidationError, WeightsRefused))
    yield Target("host messages", [b"a message", bytes(range(256))], read_stream)
