from threading import Event

import pytest

from streams.daemon import Daemon


def test_one_thing_after_another() -> None:
    done: list[int] = []
    daemon = Daemon("test")
    daemon.start()
    futures = [daemon.submit(done.append, number) for number in range(5)]
    for future in futures:
        future.result(5)
    assert done == [0, 1, 2, 3, 4]
    daemon.finish()
    assert not daemon.is_alive()


def test_what_fails_is_told_and_ends_nothing() -> None:
    def fail() -> None:
        raise KeyError("found nothing")

    daemon = Daemon("test")
    daemon.start()
    with pytest.raises(KeyError, match="found nothing"):
        daemon.submit(fail).result(5)
    seen = Event()
    daemon.submit(seen.set).result(5)
    assert seen.is_set()
    daemon.finish()


def test_one_that_never_started_finishes() -> None:
    Daemon("test").finish()
