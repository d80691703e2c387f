import pytest

from streams.state.wire import (
    StateUnreadable,
    check_store,
    decode_key,
    encode_key,
    pack_entries,
    unpack_entries,
)


@pytest.mark.parametrize("key", [b"", b"key", b"\x00", b"a\x00b"])
def test_a_key_comes_out_as_it_went_in(key: bytes) -> None:
    assert encode_key("timers", key)[:7] == b"timers\x00"
    assert decode_key(encode_key("timers", key)) == ("timers", key)


@pytest.mark.parametrize("record_key", [None, b"", b"no separator", b"\x00key", b"\xff\x00key"])
def test_a_record_key_that_names_no_store_is_refused(record_key: bytes | None) -> None:
    with pytest.raises(StateUnreadable, match="names no store"):
        decode_key(record_key)


@pytest.mark.parametrize("store", ["", "with\0zero"])
def test_a_store_name_that_the_changelog_can_not_hold_is_refused(store: str) -> None:
    with pytest.raises(ValueError, match="choose a plain word"):
        check_store(store)


def test_entries_come_out_of_blocks_as_they_went_in() -> None:
    entries = [(f"store\0{number}".encode(), b"v" * (number % 50)) for number in range(2_000)]
    blocks = list(pack_entries(entries))
    assert len(blocks) > 1
    assert [entry for block in blocks for entry in unpack_entries(block)] == entries
    assert list(pack_entries([])) == []


def test_every_way_to_cut_a_block_short_is_noticed() -> None:
    (block,) = pack_entries([(b"store\0key", b"value")])
    for length in range(1, len(block)):
        with pytest.raises(StateUnreadable, match="cut short"):
            list(unpack_entries(block[:length]))
