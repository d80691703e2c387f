"""Dead letters: reading, choosing, replaying."""

from dataclasses import replace

import pytest

from schemas.dead_letter import connect_headers
from streams.client.letters import (
    OMITTED,
    REPLAYED,
    Letter,
    NothingToReplay,
    Selection,
    WrongSelector,
    chosen,
    hexdump,
    is_marker,
    letters,
    marker,
    place,
    replay,
)
from streams.client.record import Headers, Record

HEADERS: Headers = [("x-mine", b"1"), ("content-type", b"application/json")]


def dead(offset: int, reason: str = "truncated", partition: int = 0, topic: str = "requests") -> Record:
    headers = connect_headers(topic, 3, 100 + offset, "echo", reason, ValueError, "VALUE_CONVERTER", HEADERS)
    return Record("dead", partition, offset, 1_000 * offset, b"key", b"\0bytes", headers)


def noted(of: Record) -> Record:
    output = marker(letters([of])[0])
    return Record(output.topic, output.partition, 99, 99_000, output.key, output.value, list(output.headers))


def offsets(found: list[Letter]) -> list[int]:
    return [letter.record.offset for letter in found]


def test_letters_come_newest_first_with_reason_and_origin() -> None:
    found = letters([dead(1), dead(2, "magic byte")])
    assert offsets(found) == [2, 1]
    assert found[0].report() == {
        "place": "0:2",
        "time": "1970-01-01T00:00:02.000Z",
        "reason": "magic byte",
        "origin": "requests:3:102",
        "size": 6,
        "omitted": None,
        "replayed": False,
    }


def test_a_marker_is_no_letter_and_marks_the_one_that_it_names() -> None:
    found = letters([dead(1), dead(2), noted(dead(1))])
    assert [(letter.record.offset, letter.replayed) for letter in found] == [(2, False), (1, True)]


def test_a_record_without_the_headers_is_shown_and_not_replayed_blindly() -> None:
    found = letters([Record("dead", 0, 5, 0, None, b"x")])
    assert found[0].origin == "unknown"
    with pytest.raises(NothingToReplay, match="0:5 does not say"):
        replay(found[0])
    assert replay(found[0], "elsewhere").topic == "elsewhere"


def test_replaying_writes_the_original_bytes_key_and_headers_to_the_original_partition() -> None:
    output = replay(letters([dead(7)])[0])
    assert (output.topic, output.partition, output.key, output.value) == ("requests", 3, b"key", b"\0bytes")
    assert output.headers == [*HEADERS, ("x-replayed-from", b"dead:0:7")]


def test_replaying_elsewhere_lets_the_key_decide() -> None:
    output = replay(letters([dead(7)])[0], "elsewhere")
    assert (output.topic, output.partition) == ("elsewhere", -1)


def test_a_letter_replayed_before_says_only_where_it_came_from_last() -> None:
    again = connect_headers("requests", 3, 9, "echo", "r", ValueError, "s", list(replay(letters([dead(7)])[0]).headers))
    output = replay(letters([Record("dead", 1, 8, 0, b"key", b"x", again)])[0])
    assert output.headers == [*HEADERS, ("x-replayed-from", b"dead:1:8")]


def test_a_marker_lies_beside_its_letter_and_does_not_compact_it_away() -> None:
    output = marker(letters([dead(7, partition=2)])[0])
    assert (output.topic, output.partition, output.value) == ("dead", 2, None)
    assert output.key != b"key"
    assert output.headers == [(REPLAYED, b"2:7")]
    assert is_marker(noted(dead(7)))


def test_chosen_letters_are_replayed_in_the_order_in_which_they_came() -> None:
    found = letters([dead(1), dead(2), dead(3)])
    assert offsets(chosen(found, Selection(everything=True))) == [1, 2, 3]


def test_conditions_choose() -> None:
    found = letters([dead(1, "Magic byte"), dead(2), dead(3, topic="others")])
    assert offsets(chosen(found, Selection(reason="magic"))) == [1]
    assert offsets(chosen(found, Selection(topic="others"))) == [3]
    assert offsets(chosen(found, Selection(frozenset({(0, 2), (0, 1)})))) == [1, 2]


def test_what_was_replayed_is_left_out_unless_asked_again() -> None:
    found = letters([dead(1), dead(2), noted(dead(1))])
    assert offsets(chosen(found, Selection(everything=True))) == [2]
    assert offsets(chosen(found, Selection(everything=True), again=True)) == [1, 2]


def test_a_place_that_was_replayed_is_refused_unless_asked_again() -> None:
    found = letters([dead(1), noted(dead(1))])
    selection = Selection(frozenset({(0, 1)}))
    with pytest.raises(NothingToReplay, match="replayed already: 0:1; --again"):
        chosen(found, selection)
    assert offsets(chosen(found, selection, again=True)) == [1]


def test_a_place_that_is_not_there_is_refused() -> None:
    with pytest.raises(NothingToReplay, match="0:9"):
        chosen(letters([dead(1)]), Selection(frozenset({(0, 9), (0, 1)})))


def test_a_letter_that_was_not_kept_whole_is_never_replayed() -> None:
    cut = replace(dead(1), value=None)
    cut.headers.append((OMITTED, b"5 bytes omitted"))
    found = letters([cut, dead(2)])
    assert offsets(chosen(found, Selection(everything=True))) == [2]
    with pytest.raises(NothingToReplay, match="0:1 was not kept whole: 5 bytes omitted"):
        chosen(found, Selection(frozenset({(0, 1)})))
    with pytest.raises(NothingToReplay, match="no dead letter fits"):
        chosen(letters([cut]), Selection(everything=True))


@pytest.mark.parametrize("header", [REPLAYED, OMITTED])
@pytest.mark.parametrize("text", [b"0:2", b"nonsense", None])
def test_a_letter_whose_sender_wrote_our_headers_hides_neither_itself_nor_another(
    header: str, text: bytes | None
) -> None:
    sly = dead(1)
    sly.headers.insert(0, (header, text))
    found = letters([sly, dead(2)])
    assert [letter.replayed for letter in found] == [False, False]
    assert offsets(chosen(found, Selection(everything=True))) == [1, 2]


def test_nothing_left_is_said_with_what_was_replayed() -> None:
    with pytest.raises(NothingToReplay, match="1 fit and were replayed already"):
        chosen(letters([dead(1), noted(dead(1))]), Selection(everything=True))
    with pytest.raises(NothingToReplay, match="no dead letter fits"):
        chosen([], Selection(everything=True))


def test_a_selection_of_nothing_is_empty() -> None:
    assert Selection().empty
    assert not Selection(everything=True).empty
    assert not Selection(reason="x").empty


@pytest.mark.parametrize("text", ["", "5", "a:b", "1:2:3", "-1:2"])
def test_a_place_is_partition_and_offset(text: str) -> None:
    assert place("2:17") == (2, 17)
    with pytest.raises(WrongSelector, match="partition:offset"):
        place(text)


def test_a_hexdump_has_offsets_bytes_and_what_can_be_printed() -> None:
    first, second = hexdump(b"\0hello, world 123" + b"\xff")
    assert first == "00000000  00 68 65 6c 6c 6f 2c 20 77 6f 72 6c 64 20 31 32  .hello, world 12"
    assert second.startswith("00000010  33 ff ")
    assert second.endswith("3.")
    assert hexdump(b"") == []
