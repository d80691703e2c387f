"""Who follows a lane's state is told what was committed, in order, and nothing else."""

from streams.binding import bind
from streams.partition import Partition
from streams.repeats.book import AnswerBook, Bounds
from streams.settings import Settings
from streams.state.wire import Change
from streams.state_keeper import StoresKeeper

PLACE = ("requests", 0)


class Followed:
    """A keeper, and what it told."""

    def __init__(self) -> None:
        self.told: list[list[tuple[bytes, bytes | None]]] = []
        self.keeper = StoresKeeper(bind(Settings(), "echo"), ("counts",), self.hear)
        self.keeper.assign(Partition(*PLACE, AnswerBook(Bounds(1, 1, 1))))

    def hear(self, changes: dict[tuple[str, int], list[Change]]) -> None:
        self.told.append([(change.key, change.value) for change in changes[PLACE]])

    def batch(self, number: int, key: bytes, value: bytes | None) -> None:
        state = self.keeper.begin(number)
        layer = state.partition(*PLACE)
        if value is None:
            layer.delete("counts", key)
        else:
            layer.put("counts", key, value)
        self.keeper.end(state)
        self.keeper.outputs(number)


def test_commits_are_told_in_their_order() -> None:
    followed = Followed()
    followed.batch(1, b"a", b"1")
    followed.batch(2, b"a", b"2")
    followed.batch(3, b"a", None)
    assert followed.told == []
    followed.keeper.commit_through(2)
    assert followed.told == [[(b"a", b"1")], [(b"a", b"2")]]
    followed.keeper.commit_through(3)
    assert followed.told[2:] == [[(b"a", None)]]


def test_what_is_rolled_back_is_not_told() -> None:
    followed = Followed()
    followed.batch(1, b"a", b"1")
    followed.keeper.roll_back()
    followed.batch(2, b"b", b"1")
    followed.keeper.commit_through(2)
    assert followed.told == [[(b"b", b"1")]]


def test_a_batch_that_is_tried_again_is_told_once() -> None:
    followed = Followed()
    followed.batch(1, b"a", b"1")
    followed.batch(2, b"b", b"wrong")
    followed.keeper.undo(2)
    followed.batch(2, b"b", b"right")
    followed.keeper.commit_through(2)
    assert followed.told == [[(b"a", b"1")], [(b"b", b"right")]]


def test_a_batch_that_changes_nothing_is_not_told() -> None:
    followed = Followed()
    followed.batch(1, b"a", None)
    followed.keeper.commit_through(1)
    assert followed.told == []
