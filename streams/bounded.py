"""A blocking call that ends in time, whatever becomes of it: not every time-out of librdkafka holds."""

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple


class Overrun(Exception):
    """The call had not ended in time; it may still be under way, on a thread that nobody waits for."""


class Call(NamedTuple):
    """What is to be called, and who takes the error that it raised, or None."""

    function: Callable[..., object]
    arguments: tuple[Any, ...]
    ended: "SimpleQueue[BaseException | None]"


class Bounded:
    """Makes calls for one caller, in turn, on a thread of its own; after an overrun, on a new one."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._calls: SimpleQueue[Call | None] | None = None

    def call(self, seconds: float, function: Callable[..., object], *arguments: Any) -> None:
        """Raises what the function raises. Blocks for at most so many seconds, then raises Overrun."""
        if self._calls is None:
            calls: SimpleQueue[Call | None] = SimpleQueue()
            # A daemon: a call that never ends must not keep the process.
            threading.Thread(target=serve, args=(calls,), name=self._name, daemon=True).start()
            self._calls = calls
        ended: SimpleQueue[BaseException | None] = SimpleQueue()
        self._calls.put(Call(function, arguments, ended))
        try:
            error = ended.get(timeout=seconds)
        except Empty:
            self.close()
            raise Overrun(f"{function.__name__} did not end within {seconds:g} s") from None
        try:
            if error is not None:
                raise error
        finally:
            # An error that knows the frame which knows it would keep all that was called alive.
            del error

    def close(self) -> None:
        """Lets the thread end, after what it has under way. Does not wait for it."""
        if self._calls is not None:
            self._calls.put(None)
            self._calls = None


def serve(calls: "SimpleQueue[Call | None]") -> None:
    """Makes calls until there are no more."""
    while (call := calls.get()) is not None:
        try:
            call.function(*call.arguments)
        except BaseException as error:
            call.ended.put(error)
        else:
            call.ended.put(None)
        del call
