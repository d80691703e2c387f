import sys
from collections.abc import Iterable

import pytest

from streams.repeats.answer import INLINE_LIMIT, seal, unseal
from streams.repeats.book import ENTRY_OVERHEAD, AnswerBook, Bounds, Evictions
from streams.repeats.digest import digest_id, digest_payload
from streams.repeats.record import AnswersUnreadable, Entry, pack

PAYLOAD = digest_payload(b"payload")
AMPLE = Bounds(entries=1_000_000, bytes=1 << 40, retention_ms=10_000)


def entry(name: str, moment: int, value: bytes = b"value") -> Entry:
    return digest_id(name), seal(PAYLOAD, moment, value)


def known(book: AnswerBook, names: Iterable[str], now_ms: int) -> str:
    return "".join(name for name in names if book.recall(digest_id(name), now_ms))


def test_an_answer_is_recalled_whole() -> None:
    book = AnswerBook(AMPLE)
    book.learn([entry("a", 100)], 100)
    assert book.recall(digest_id("a"), 100) == unseal(entry("a", 100)[1])
    assert book.recall(digest_id("b"), 100) is None


def test_an_answer_is_forgotten_when_its_retention_ends() -> None:
    book = AnswerBook(AMPLE)
    book.learn([entry("a", 100)], 100)
    assert book.recall(digest_id("a"), 10_099)
    assert book.recall(digest_id("a"), 10_100) is None


def test_the_oldest_goes_when_there_are_too_many() -> None:
    book = AnswerBook(Bounds(entries=2, bytes=1 << 40, retention_ms=10_000))
    book.learn([entry("a", 1), entry("b", 2), entry("c", 3)], 3)
    assert known(book, "abc", 3) == "bc"
    assert book.evictions == Evictions(entries=1)


def test_the_oldest_go_when_they_take_too_much() -> None:
    size = len(entry("a", 1)[1]) + ENTRY_OVERHEAD
    book = AnswerBook(Bounds(entries=100, bytes=3 * size, retention_ms=10_000))
    book.learn([entry("a", 1), entry("b", 2), entry("c", 3)], 3)
    assert known(book, "abc", 3) == "abc"
    assert book.bytes == 3 * size
    book.learn([entry("d", 4, b"value and more")], 4)
    assert known(book, "abcd", 4) == "cd"
    assert book.evictions == Evictions(bytes=2)


def test_an_answer_larger_than_the_book_does_not_empty_it() -> None:
    book = AnswerBook(Bounds(entries=100, bytes=1_000, retention_ms=10_000))
    book.learn([entry("a", 1), entry("b", 2, b"x" * INLINE_LIMIT)], 2)
    assert known(book, "ab", 2) == "a"
    assert book.evictions == Evictions(bytes=1)


def test_expired_answers_are_let_go_while_learning() -> None:
    book = AnswerBook(AMPLE)
    book.learn([entry(str(number), number) for number in range(100)], 100)
    for number in range(100):
        book.learn([entry(f"later {number}", 20_000)], 20_000)
    assert len(book) == 100
    assert book.evictions == Evictions(retention=100)


def test_expiry_of_a_full_hour_is_spread_over_many_calls() -> None:
    book = AnswerBook(AMPLE)
    book.learn([entry(str(number), number) for number in range(1_000)], 1_000)
    book.learn([entry("later", 50_000)], 50_000)
    assert len(book) == 999
    for number in range(499):
        book.learn([entry(f"later {number}", 50_000)], 50_000)
        assert len(book) == 998 - number, "one came and two went"
    assert known(book, ["0", "999", "later"], 50_000) == "later"


@pytest.mark.parametrize("bounds", [Bounds(0, 1 << 30, 1_000), Bounds(10, 0, 1_000), Bounds(10, 1 << 30, 0)])
def test_a_bound_of_nothing_remembers_nothing(bounds: Bounds) -> None:
    book = AnswerBook(bounds)
    book.learn([entry("a", 1)], 1)
    assert len(book) == 0
    assert book.bytes == 0
    assert book.recall(digest_id("a"), 1) is None


def test_the_answer_settled_last_is_kept() -> None:
    book = AnswerBook(AMPLE)
    book.learn([entry("a", 5, b"new"), entry("a", 4, b"old"), entry("b", 6)], 6)
    answer = book.recall(digest_id("a"), 6)
    assert answer is not None
    assert answer.value == b"new"
    assert len(book) == 2


def test_an_answer_learnt_again_takes_its_new_place_in_the_order() -> None:
    book = AnswerBook(Bounds(entries=2, bytes=1 << 40, retention_ms=10_000))
    book.learn([entry("a", 1), entry("b", 2), entry("a", 3)], 3)
    book.learn([entry("c", 4)], 4)
    assert known(book, "abc", 4) == "ac"
    book.learn([entry("d", 5)], 5)
    assert known(book, "abcd", 5) == "cd"


def test_an_answer_read_twice_keeps_its_place() -> None:
    book = AnswerBook(AMPLE)
    entries = [entry("a", 1), entry("b", 1)]
    book.learn(entries, 1)
    book.learn([entry("a", 1)], 1)
    assert list(book.snapshot().blocks()) == [pack(entries)]
    assert len(book._places) == 24 * 2


def test_learning_one_id_over_and_over_takes_no_more_memory() -> None:
    book = AnswerBook(AMPLE)
    book.learn([entry("a", moment) for moment in range(9_000)], 9_000)
    assert len(book) == 1
    assert book.bytes == len(entry("a", 1)[1]) + ENTRY_OVERHEAD
    assert len(book._places) < 24 * 200


def test_a_record_of_the_changelog_is_restored_without_counting_evictions() -> None:
    book = AnswerBook(Bounds(entries=2, bytes=1 << 40, retention_ms=10_000))
    record = pack([entry("a", 1), entry("b", 9_000), entry("c", 9_001), entry("d", 9_002)])
    assert book.restore(record, 10_001) == 4
    assert known(book, "abcd", 10_001) == "cd"
    assert book.evictions == Evictions()


def test_an_unreadable_record_teaches_nothing() -> None:
    book = AnswerBook(AMPLE)
    with pytest.raises(AnswersUnreadable):
        book.restore(pack([entry("a", 1), entry("b", 2)])[:-1], 10)
    assert len(book) == 0


def test_a_snapshot_stands_still_and_restores_the_same_book() -> None:
    book = AnswerBook(AMPLE)
    book.learn([entry(str(number), number) for number in range(2_000)], 2_000)
    book.learn([entry("7", 2_001)], 2_001)
    snapshot = book.snapshot()
    book.learn([entry("after", 2_002)], 2_002)
    copy = AnswerBook(AMPLE)
    assert sum(copy.restore(block, 2_002) for block in snapshot.blocks()) == 2_000
    assert list(copy._answers.items()) == list(book._answers.items())[:-1]
    assert copy.recall(digest_id("after"), 2_002) is None


def test_the_overhead_is_what_an_answer_costs() -> None:
    """Measured at the bound, after evictions: a dict that lost as many as it took keeps room to grow."""
    count = 50_000
    book = AnswerBook(Bounds(entries=count, bytes=1 << 40, retention_ms=1 << 40))
    for start in range(0, 3 * count, 1_000):
        book.learn([entry(str(number), number, b"") for number in range(start, start + 1_000)], start)
    measured = sum(sys.getsizeof(key) + sys.getsizeof(value) for key, value in book._answers.items())
    measured += sys.getsizeof(book._answers) + sys.getsizeof(book._places)
    assert 0.6 * book.bytes < measured < 1.05 * book.bytes


def test_memory_is_flat_at_the_bound() -> None:
    book = AnswerBook(Bounds(entries=5_000, bytes=1 << 40, retention_ms=1 << 40))

    def held() -> int:
        return sys.getsizeof(book._answers) + sys.getsizeof(book._places)

    sizes = []
    for start in range(0, 200_000, 500):
        book.learn([entry(str(number), number) for number in range(start, start + 500)], start)
        sizes.append(held())
    settled = sizes[20:]
    assert max(settled) < 1.5 * min(settled)
    assert len(book) == 5_000
