"""A thread that does one thing after another, and does not hold up the end of the process."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeAlias

Task: TypeAlias = tuple[Callable[..., None], tuple[Any, ...], "Future[None]"]


class Daemon(threading.Thread):
    """Unlike an executor's threads, one that is stuck in a call is not waited for when the interpreter ends."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self._tasks: SimpleQueue[Task | None] = SimpleQueue()

    def submit(self, function: Callable[..., None], *arguments: Any) -> "Future[None]":
        """Has it called after what was submitted before; the future says when, and what it raised."""
        future: Future[None] = Future()
        self._tasks.put((function, arguments, future))
        return future

    def run(self) -> None:
        """Works until told to finish."""
        while (task := self._tasks.get()) is not None:
            function, arguments, future = task
            try:
                function(*arguments)
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(None)

    def finish(self) -> None:
        """Waits for what was submitted, and ends."""
        if self.is_alive():
            self._tasks.put(None)
            self.join()
