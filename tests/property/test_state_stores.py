"""The stores of a partition against copies of plain dicts, one for each micro-batch."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from streams.state.checkpoint import Checkpoint, Identity, open_checkpoint, write_checkpoint
from streams.state.partition import ENTRY_OVERHEAD, Layer, PartitionStore
from streams.state.wire import decode_key, encode_key, pack_entries, unpack_entries

STORES = ("balances", "holds")
IDENTITY = Identity("state", "requests", 0, "origin")
Entries = dict[tuple[str, bytes], bytes]

stores = st.sampled_from(STORES)
keys = st.sampled_from([b"", b"\0", b"a", b"b\0c", b"\xff"])
values = st.binary(max_size=4)


class StoreMachine(RuleBasedStateMachine):
    """Batches that write, commits and aborts to any of them, restarts from changelog and checkpoint.

    The model is naive on purpose: `committed` and a whole copy after each batch in flight.
    """

    @initialize()
    def open(self) -> None:
        self.store = PartitionStore("requests", 0, STORES)
        self.layer: Layer | None = None
        self.committed: Entries = {}
        self.batches: list[tuple[int, Entries]] = []
        self.changelog: list[tuple[bytes, bytes | None]] = []
        self.checkpoint: tuple[list[bytes], int] = ([], 0)

    @property
    def now(self) -> Entries:
        return self.batches[-1][1] if self.batches else self.committed

    @rule(step=st.integers(1, 3))
    def begin(self, step: int) -> None:
        number = (self.batches[-1][0] if self.batches else 0) + step
        self.layer = self.store.begin(number)
        self.batches.append((number, dict(self.now)))

    @precondition(lambda self: self.layer is not None)
    @rule(store=stores, key=keys, value=values)
    def put(self, store: str, key: bytes, value: bytes) -> None:
        assert self.layer is not None
        self.layer.put(store, key, value)
        self.now[store, key] = value

    @precondition(lambda self: self.layer is not None)
    @rule(store=stores, key=keys)
    def delete(self, store: str, key: bytes) -> None:
        assert self.layer is not None
        self.layer.delete(store, key)
        self.now.pop((store, key), None)

    @precondition(lambda self: self.batches)
    @rule(data=st.data())
    def commit(self, data: st.DataObject) -> None:
        count = data.draw(st.integers(1, len(self.batches)))
        number, entries = self.batches[count - 1]
        for committed, _ in self.batches[:count]:
            changes = self.store.changes(committed)
            self.changelog += [(encode_key(store, key), value) for store, key, value in changes]
        self.store.commit_through(number)
        self.committed, self.batches = dict(entries), self.batches[count:]
        if not self.batches:
            self.layer = None

    @rule()
    def abort(self) -> None:
        self.store.roll_back()
        self.batches, self.layer = [], None

    @precondition(lambda self: self.batches)
    @rule(data=st.data())
    def abort_to(self, data: st.DataObject) -> None:
        lowest = self.batches[0][0] - 1
        number = data.draw(st.integers(lowest, self.batches[-1][0]))
        self.store.roll_back_to(number)
        self.batches = [batch for batch in self.batches if batch[0] <= number]
        if self.layer is not None and self.layer.number > number:
            self.layer = None

    @rule()
    def write_checkpoint(self) -> None:
        self.checkpoint = (list(self.store.snapshot().blocks()), len(self.changelog))

    @rule()
    def restart(self) -> None:
        blocks, offset = self.checkpoint
        self.store = PartitionStore("requests", 0, STORES)
        for block in blocks:
            self.store.restore_block(block)
        for record_key, value in self.changelog[offset:]:
            self.store.restore(record_key, value)
        self.batches, self.layer = [], None

    @invariant()
    def reads_what_the_model_reads(self) -> None:
        for store in STORES:
            expected = {key: value for (owner, key), value in self.now.items() if owner == store}
            assert list(self.store.scan(store)) == sorted(expected.items())
            for key in (b"", b"\0", b"a", b"b\0c", b"\xff"):
                assert self.store.get(store, key) == expected.get(key)

    @invariant()
    def counts_what_it_holds(self) -> None:
        assert self.store.entries == len(self.now)
        size = sum(len(key) + len(value) + ENTRY_OVERHEAD for (_, key), value in self.now.items())
        assert self.store.bytes == size

    @invariant()
    def snapshots_what_is_committed(self) -> None:
        found = {(s, k): v for s, entries in self.store.snapshot().stores.items() for k, v in entries.items()}
        assert found == self.committed


TestStore = StoreMachine.TestCase
TestStore.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1), st.binary())
def test_a_changelog_key_names_its_store_and_key(store: str, key: bytes) -> None:
    assert decode_key(encode_key(store, key)) == (store, key)


@given(st.lists(st.tuples(st.binary(max_size=30), st.binary(max_size=30))))
@settings(deadline=None)
def test_entries_survive_a_checkpoint(entries: list[tuple[bytes, bytes]]) -> None:
    with TemporaryDirectory() as directory:
        path = IDENTITY.path(Path(directory))
        write_checkpoint(path, IDENTITY, 1, 0, pack_entries(entries))
        found = open_checkpoint(path, IDENTITY)
        assert isinstance(found, Checkpoint)
        with found:
            assert [entry for block in found.blocks() for entry in unpack_entries(block)] == entries
