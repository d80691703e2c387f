import sys

import pytest

from schemas.handler import PartitionState
from streams.state.partition import ENTRY_OVERHEAD, PartitionStore, StateMisused
from streams.state.wire import Change, StateUnreadable, encode_key


def store() -> PartitionStore:
    return PartitionStore("ledger.requests", 3, ("balances", "holds"))


def test_a_layer_is_what_a_handler_is_promised() -> None:
    layer: PartitionState = store().begin(1)
    layer.put("balances", b"anna", b"10")
    assert layer.get("balances", b"anna") == b"10"


def test_reads_see_own_writes_and_those_of_batches_ahead() -> None:
    stores = store()
    stores.begin(1).put("balances", b"anna", b"10")
    second = stores.begin(2)
    assert second.get("balances", b"anna") == b"10"
    second.put("balances", b"anna", b"7")
    assert second.get("balances", b"anna") == b"7"
    second.delete("balances", b"anna")
    assert second.get("balances", b"anna") is None
    assert second.get("holds", b"anna") is None


def test_each_layer_has_its_own_last_changes() -> None:
    stores = store()
    first = stores.begin(1)
    first.put("balances", b"anna", b"1")
    first.put("balances", b"anna", b"2")
    first.put("holds", b"anna", b"x")
    second = stores.begin(2)
    second.delete("balances", b"anna")
    assert stores.changes(1) == [Change("balances", b"anna", b"2"), Change("holds", b"anna", b"x")]
    assert stores.changes(2) == [Change("balances", b"anna", None)]
    assert stores.changes(3) == []


def test_what_ends_as_it_was_is_no_change() -> None:
    stores = store()
    layer = stores.begin(1)
    layer.put("balances", b"anna", b"1")
    layer.delete("balances", b"anna")
    layer.delete("balances", b"nobody")
    assert stores.changes(1) == []
    assert stores.entries == 0
    assert stores.bytes == 0


def test_roll_back_returns_to_the_last_commit() -> None:
    stores = store()
    stores.begin(1).put("balances", b"anna", b"1")
    stores.begin(2).put("balances", b"anna", b"2")
    third = stores.begin(3)
    third.delete("balances", b"anna")
    third.put("balances", b"ben", b"3")
    stores.commit_through(1)
    stores.roll_back()
    assert list(stores.scan("balances")) == [(b"anna", b"1")]
    assert stores.changes(2) == []


def test_roll_back_to_a_batch_keeps_it() -> None:
    stores = store()
    stores.begin(1).put("balances", b"anna", b"1")
    stores.begin(4).put("balances", b"anna", b"4")
    stores.begin(6).put("balances", b"anna", b"6")
    stores.roll_back_to(5)
    assert stores.get("balances", b"anna") == b"4"
    stores.roll_back_to(4)
    assert stores.get("balances", b"anna") == b"4"
    stores.roll_back_to(0)
    assert stores.get("balances", b"anna") is None


def test_numbers_may_start_again_after_an_abort() -> None:
    stores = store()
    stores.begin(7)
    stores.roll_back()
    stores.begin(1).put("balances", b"anna", b"1")
    assert stores.get("balances", b"anna") == b"1"


@pytest.mark.parametrize("number", [1, 2])
def test_numbers_rise(number: int) -> None:
    stores = store()
    stores.begin(2)
    with pytest.raises(StateMisused, match=f"micro-batch {number} begins after 2"):
        stores.begin(number)


def test_a_scan_is_sorted_and_stands_still() -> None:
    stores = store()
    layer = stores.begin(1)
    for key in (b"c", b"a", b"b"):
        layer.put("balances", key, b"1")
    scan = layer.scan("balances")
    layer.put("balances", b"aa", b"2")
    layer.delete("balances", b"b")
    layer.put("balances", b"c", b"3")
    assert list(scan) == [(b"a", b"1"), (b"b", b"1"), (b"c", b"1")]
    assert list(layer.scan("balances")) == [(b"a", b"1"), (b"aa", b"2"), (b"c", b"3")]


def test_a_layer_that_ended_takes_no_writes() -> None:
    stores = store()
    ended, undone = stores.begin(1), stores.begin(2)
    stores.roll_back_to(1)
    for layer in (ended, undone):
        with pytest.raises(StateMisused, match="after its end"):
            layer.put("balances", b"anna", b"1")
        with pytest.raises(StateMisused, match="after its end"):
            layer.delete("balances", b"anna")


def test_an_undeclared_store_is_refused() -> None:
    stores = store()
    layer = stores.begin(1)
    for use in (
        lambda: layer.get("other", b"k"),
        lambda: layer.put("other", b"k", b"v"),
        lambda: layer.delete("other", b"k"),
        lambda: layer.scan("other"),
    ):
        with pytest.raises(StateMisused, match="no store 'other': add it"):
            use()


@pytest.mark.parametrize(("key", "value"), [("text", b"v"), (b"k", "text"), (b"k", bytearray(b"v")), (b"k", None)])
def test_only_bytes_are_kept(key: object, value: object) -> None:
    layer = store().begin(1)
    with pytest.raises(TypeError, match="must be bytes"):
        layer.put("balances", key, value)  # type: ignore[arg-type]


def test_a_store_name_with_a_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="zero character"):
        PartitionStore("topic", 0, ("a\0b",))


def test_the_changelog_restores_what_was_committed() -> None:
    stores = store()
    stores.restore(encode_key("balances", b"anna"), b"1")
    stores.restore(encode_key("balances", b"anna"), b"2")
    stores.restore(encode_key("holds", b"anna"), b"x")
    stores.restore(encode_key("holds", b"anna"), None)
    stores.restore(encode_key("holds", b"nobody"), None)
    assert stores.get("balances", b"anna") == b"2"
    assert stores.get("holds", b"anna") is None
    assert stores.entries == 1
    stores.begin(1)
    stores.roll_back()
    assert stores.get("balances", b"anna") == b"2"


def test_restoring_is_refused_while_batches_are_in_flight() -> None:
    stores = store()
    stores.begin(5)
    with pytest.raises(StateMisused, match="while micro-batch 5 is in flight"):
        stores.restore(encode_key("balances", b"anna"), b"1")


def test_a_foreign_record_of_the_changelog_is_refused() -> None:
    with pytest.raises(StateUnreadable):
        store().restore(b"foreign", b"1")


def test_a_snapshot_holds_committed_entries_only_and_stands_still() -> None:
    stores = store()
    stores.begin(1).put("balances", b"anna", b"1")
    stores.begin(2).put("balances", b"ben", b"1")
    stores.commit_through(2)
    later = stores.begin(3)
    later.delete("balances", b"anna")
    later.put("balances", b"ben", b"3")
    later.put("holds", b"cleo", b"3")
    stores.begin(4).put("balances", b"anna", b"4")
    snapshot = stores.snapshot()
    stores.commit_through(4)
    copy = store()
    assert sum(copy.restore_block(block) for block in snapshot.blocks()) == 2
    assert list(copy.scan("balances")) == [(b"anna", b"1"), (b"ben", b"1")]
    assert list(copy.scan("holds")) == []


def test_stores_of_another_version_survive_a_snapshot_unseen() -> None:
    stores = store()
    stores.restore(encode_key("retired", b"anna"), b"1")
    newer = PartitionStore("ledger.requests", 3, ("retired",))
    for block in stores.snapshot().blocks():
        newer.restore_block(block)
    assert newer.get("retired", b"anna") == b"1"
    with pytest.raises(StateMisused):
        stores.get("retired", b"anna")


def test_sizes_are_what_entries_cost() -> None:
    stores, count = store(), 50_000
    layer = stores.begin(1)
    for number in range(count):
        layer.put("balances", b"%016d" % number, b"v" * 100)
    assert stores.entries == count
    assert stores.bytes == count * (116 + ENTRY_OVERHEAD)
    data = stores._data["balances"]
    measured = sys.getsizeof(data) + sum(sys.getsizeof(key) + sys.getsizeof(value) for key, value in data.items())
    assert 0.6 * stores.bytes < measured < 1.05 * stores.bytes
    stores.roll_back()
    assert (stores.entries, stores.bytes) == (0, 0)
