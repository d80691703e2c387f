"""A thread of the demo that is stopped at the end, and keeps what ended it too early."""

import threading
from abc import ABC, abstractmethod


class DemoThread(threading.Thread, ABC):
    """`problem` is what ended it; `stopping` is set when it is to end."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self.stopping = threading.Event()
        self.problem: Exception | None = None

    @abstractmethod
    def work(self) -> None:
        """What it does, until it is done or `stopping` is set."""

    def run(self) -> None:
        """Works, and keeps the error that ends it."""
        try:
            self.work()
        except Exception as error:
            self.problem = error

    def stop(self) -> None:
        """Ends it within a moment, whatever is left."""
        self.stopping.set()
        self.join()
