"""Calls that end in time, and calls that do not."""

import threading
import weakref
from collections.abc import Iterator
from contextlib import suppress

import pytest

from streams.bounded import Bounded, Overrun
from streams.testing import eventually


@pytest.fixture
def bounded() -> Iterator[Bounded]:
    made = Bounded("bounded")
    yield made
    made.close()


def threads() -> int:
    return sum(thread.name == "bounded" for thread in threading.enumerate())


def test_what_is_called_has_its_arguments_and_one_thread(bounded: Bounded) -> None:
    seen: list[tuple[int, int | None]] = []

    def note(number: int) -> None:
        seen.append((number, threading.current_thread().ident))

    for number in range(3):
        bounded.call(10, note, number)
    assert [number for number, _ in seen] == [0, 1, 2]
    assert len({thread for _, thread in seen}) == 1


def test_an_error_comes_back_and_the_thread_stays(bounded: Bounded) -> None:
    def refuse() -> None:
        raise TimeoutError("of its own")

    with pytest.raises(TimeoutError, match="of its own"):
        bounded.call(10, refuse)
    bounded.call(10, lambda: None)
    eventually(lambda: threads() == 1, within=10, what="the end of other tests' threads")


def test_one_that_does_not_end_is_left_to_itself_and_the_next_one_is_made(bounded: Bounded) -> None:
    never, called = threading.Event(), threading.Event()
    with pytest.raises(Overrun, match=r"wait did not end within 0.05 s"):
        bounded.call(0.05, never.wait)
    bounded.call(10, called.set)
    assert called.is_set()
    never.set()
    eventually(lambda: threads() == 1, within=10, what="the end of the thread that was left")


def test_one_that_failed_keeps_nothing_of_what_was_called_alive(bounded: Bounded) -> None:
    class Producer:
        def send(self) -> None:
            raise ValueError("refused")

    producer = Producer()
    alive = weakref.ref(producer)
    with suppress(ValueError):
        bounded.call(10, producer.send)
    del producer
    eventually(lambda: alive() is None, within=10, what="the end of the producer, without the garbage collector")


def test_a_closed_one_keeps_no_thread_and_can_be_used_again(bounded: Bounded) -> None:
    bounded.call(10, lambda: None)
    bounded.close()
    eventually(lambda: threads() == 0, within=10, what="the end of the thread")
    bounded.call(10, lambda: None)
    eventually(lambda: threads() == 1, within=10, what="one thread")
