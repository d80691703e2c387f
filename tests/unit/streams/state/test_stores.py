import pytest

from schemas.handler import State
from streams.state.partition import StateMisused
from streams.state.stores import StateStores
from streams.state.wire import Change, encode_key

TOPIC = "ledger.requests"


def owned(*partitions: int) -> StateStores:
    stores = StateStores(("balances",))
    for partition in partitions:
        stores.assign(TOPIC, partition)
    return stores


def balance(stores: StateStores, partition: int) -> bytes | None:
    found = stores.get(TOPIC, partition)
    assert found is not None
    return found.get("balances", b"anna")


def test_a_batch_sees_what_a_handler_is_promised() -> None:
    stores = owned(0, 1)
    state: State = stores.begin(1)
    state.partition(TOPIC, 0).put("balances", b"anna", b"1")
    assert state.partition(TOPIC, 0).get("balances", b"anna") == b"1"
    assert state.partition(TOPIC, 1).get("balances", b"anna") is None


def test_changes_name_the_partitions_that_changed() -> None:
    stores = owned(0, 1, 2)
    state = stores.begin(1)
    state.partition(TOPIC, 1).put("balances", b"anna", b"1")
    state.partition(TOPIC, 2).get("balances", b"anna")
    stores.end()
    assert stores.changes(1) == {(TOPIC, 1): [Change("balances", b"anna", b"1")]}
    assert stores.changes(2) == {}


def test_commit_and_abort_reach_all_partitions() -> None:
    stores = owned(0, 1)
    for number in (1, 2):
        state = stores.begin(number)
        state.partition(TOPIC, 0).put("balances", b"anna", b"%d" % number)
        if number == 2:
            state.partition(TOPIC, 1).put("balances", b"anna", b"2")
        stores.end()
    stores.commit_through(1)
    stores.roll_back()
    assert balance(stores, 0) == b"1"
    assert balance(stores, 1) is None


def test_roll_back_to_a_batch_keeps_it() -> None:
    stores = owned(0)
    for number in (1, 2, 3):
        state = stores.begin(number)
        state.partition(TOPIC, 0).put("balances", b"anna", b"%d" % number)
        if number < 3:
            stores.end()
    stores.roll_back_to(3)
    state.partition(TOPIC, 0).put("balances", b"anna", b"still open")
    assert balance(stores, 0) == b"still open"
    stores.roll_back_to(2)
    assert balance(stores, 0) == b"2"
    assert stores.begin(3)


def test_a_partition_that_is_not_owned_is_refused() -> None:
    stores = owned(0)
    state = stores.begin(1)
    with pytest.raises(StateMisused, match="which this lane does not own"):
        state.partition(TOPIC, 5)
    state.partition(TOPIC, 0)
    stores.revoke(TOPIC, 0)
    with pytest.raises(StateMisused, match="does not own"):
        state.partition(TOPIC, 0)


def test_a_handler_that_outlives_its_batch_can_not_write() -> None:
    stores = owned(0)
    state = stores.begin(1)
    layer = state.partition(TOPIC, 0)
    stores.end()
    with pytest.raises(StateMisused, match="after micro-batch 1 ended"):
        state.partition(TOPIC, 0)
    with pytest.raises(StateMisused, match="after its end"):
        layer.put("balances", b"anna", b"late")
    stores.roll_back()
    fresh = stores.begin(1)
    with pytest.raises(StateMisused, match="after micro-batch 1 ended"):
        state.partition(TOPIC, 0)
    assert fresh.partition(TOPIC, 0).get("balances", b"anna") is None


def test_an_abort_closes_the_open_batch() -> None:
    stores = owned(0)
    state = stores.begin(1)
    layer = state.partition(TOPIC, 0)
    stores.roll_back()
    with pytest.raises(StateMisused):
        layer.put("balances", b"anna", b"late")
    with pytest.raises(StateMisused):
        state.partition(TOPIC, 0)


def test_batches_come_one_at_a_time() -> None:
    stores = owned(0)
    stores.begin(1)
    with pytest.raises(StateMisused, match="micro-batch 2 begins while 1 is open"):
        stores.begin(2)


def test_a_partition_is_assigned_once_and_comes_back_empty() -> None:
    stores = owned(0)
    found = stores.get(TOPIC, 0)
    assert found is not None
    found.restore(encode_key("balances", b"anna"), b"1")
    with pytest.raises(StateMisused, match="assigned twice"):
        stores.assign(TOPIC, 0)
    stores.revoke(TOPIC, 0)
    stores.revoke(TOPIC, 0)
    assert stores.get(TOPIC, 0) is None
    assert stores.assign(TOPIC, 0).get("balances", b"anna") is None


def test_a_partition_that_came_back_within_a_batch_has_a_layer_of_its_own() -> None:
    stores = owned(0)
    state = stores.begin(1)
    state.partition(TOPIC, 0).put("balances", b"anna", b"lost")
    stores.revoke(TOPIC, 0)
    stores.assign(TOPIC, 0)
    assert state.partition(TOPIC, 0).get("balances", b"anna") is None


def test_sizes_are_summed_over_partitions() -> None:
    stores = owned(0, 1)
    state = stores.begin(1)
    for partition in (0, 1):
        state.partition(TOPIC, partition).put("balances", b"anna", b"1")
    parts = [stores.get(TOPIC, partition) for partition in (0, 1)]
    assert stores.entries == 2
    assert stores.bytes == sum(part.bytes for part in parts if part) > 0


def test_a_store_name_with_a_zero_is_refused_before_any_partition_is_assigned() -> None:
    with pytest.raises(ValueError, match="zero character"):
        StateStores(("a\0b",))
