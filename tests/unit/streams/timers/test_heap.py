from streams.timers.heap import SLACK, DueHeap


def test_the_earliest_comes_first_and_only_once() -> None:
    heap = DueHeap()
    for key, due in ((b"b", 20), (b"a", 10), (b"c", 30)):
        heap.set(key, due)
    assert heap.earliest() == 10
    assert heap.take(25, 10) == [(10, b"a"), (20, b"b")]
    assert heap.take(25, 10) == []
    assert len(heap) == 1


def test_no_more_than_the_limit() -> None:
    heap = DueHeap()
    for number in range(5):
        heap.set(b"%d" % number, number)
    assert heap.take(100, 2) == [(0, b"0"), (1, b"1")]
    assert heap.earliest() == 2


def test_what_was_set_anew_or_dropped_does_not_fire() -> None:
    heap = DueHeap()
    heap.set(b"a", 10)
    heap.set(b"a", 50)
    heap.set(b"b", 20)
    heap.drop(b"b")
    heap.drop(b"never there")
    assert heap.take(40, 10) == []
    assert heap.take(50, 10) == [(50, b"a")]


def test_an_earlier_time_counts_at_once() -> None:
    heap = DueHeap()
    heap.set(b"a", 50)
    heap.set(b"a", 10)
    assert heap.take(10, 10) == [(10, b"a")]
    assert heap.take(100, 10) == []


def test_what_is_stale_does_not_pile_up() -> None:
    heap = DueHeap()
    for number in range(20 * SLACK):
        heap.set(b"a", number)
    assert len(heap._heap) <= SLACK + 4
    assert heap.take(1 << 60, 10) == [(20 * SLACK - 1, b"a")]
