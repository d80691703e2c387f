import pytest

from streams.repeats.answer import seal
from streams.repeats.digest import digest_id, digest_payload
from streams.repeats.record import AnswersUnreadable, Entry, pack, pack_bounded, unpack

PAYLOAD = digest_payload(b"payload")


def entry(number: int, size: int = 10) -> Entry:
    return digest_id(str(number)), seal(PAYLOAD, number, b"v" * size)


def test_what_was_packed_is_unpacked_in_order() -> None:
    entries = [entry(2), entry(1, size=0), entry(3, size=1_000)]
    assert unpack(pack(entries)) == entries


def test_no_entries_are_a_record_but_need_none() -> None:
    assert unpack(pack([])) == []
    assert pack_bounded([], 1_000) == []


def test_records_are_filled_to_the_limit() -> None:
    entries = [entry(number) for number in range(10)]
    two = len(pack(entries[:2]))
    records = pack_bounded(entries, two)
    assert [len(unpack(record)) for record in records] == [2] * 5
    assert [found for record in records for found in unpack(record)] == entries
    assert [len(unpack(record)) for record in pack_bounded(entries, two - 1)] == [1] * 10


@pytest.mark.parametrize("position", [0, 1])
def test_an_entry_over_the_limit_is_refused(position: int) -> None:
    entries = [entry(0), entry(1)]
    entries[position] = entry(9, size=5_000)
    with pytest.raises(ValueError, match="raise max"):
        pack_bounded(entries, 1_000)


def test_every_way_to_cut_a_record_short_is_noticed() -> None:
    record = pack([entry(1), entry(2)])
    for length in range(len(record)):
        with pytest.raises(AnswersUnreadable):
            unpack(record[:length])


def test_bytes_left_over_are_noticed() -> None:
    with pytest.raises(AnswersUnreadable, match="the record has"):
        unpack(pack([entry(1)]) + b"\x00")


def test_another_version_is_noticed() -> None:
    with pytest.raises(AnswersUnreadable, match="version 2, not 1"):
        unpack(b"\x02" + pack([entry(1)])[1:])
