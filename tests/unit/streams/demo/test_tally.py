from streams.demo.tally import Tally


def tally() -> Tally:
    return Tally({"digits": 4, "embed": 2}, begin=100.0)


def test_an_answer_that_comes_twice_counts_once() -> None:
    counts = tally()
    for _ in range(2):
        counts.answer("digits", "a", 0, 101.0)
    assert counts.answered("digits") == 1
    assert counts.share("digits") == 0.25
    assert counts.all_answered == 1


def test_all_is_done_when_every_request_is_answered() -> None:
    counts = tally()
    for number in range(4):
        counts.answer("digits", str(number), 0, 101.0)
    assert not counts.done
    for number in range(2):
        counts.answer("embed", str(number), 0, 101.0)
    assert counts.done


def test_the_rate_is_that_of_the_last_seconds() -> None:
    counts = tally()
    for number, moment in enumerate((100.1, 107.0, 107.5, 108.0)):
        counts.answer("digits", str(number), 0, moment)
    assert counts.rate("digits", 109.0) == 1.5
    assert sum(counts.timeline("digits", 109.0)) == 4


def test_the_gap_is_the_longest_silence_of_the_dead_workers_partitions() -> None:
    counts = tally()
    for number, (partition, moment) in enumerate([(0, 104.0), (0, 105.25), (1, 106.0), (0, 108.0), (0, 108.5)]):
        counts.answer("digits", str(number), partition, moment)
    assert counts.gap("digits", {0}, 105.0) == 2.75
    assert counts.gap("digits", {0, 1}, 105.0) == 2.0
    assert counts.gap("digits", {1}, 105.0) == 1.0
    assert counts.gap("digits", {0}, 108.5) is None
    assert counts.gap("embed", {0}, 105.0) is None
