"""Collects operations from the threads of clients."""

import threading

from streams.proof.history.operations import Fate, History, Poll, Send


class Recorder:
    """What was done so far. Any thread may call any method; each client tells of its own operations in their order."""

    def __init__(self, requests: str, results: str) -> None:
        self._topics = (requests, results)
        self._lock = threading.Lock()
        self._sends: list[Send] = []
        self._polls: list[Poll] = []

    def send(self, send: Send) -> None:
        """One send, or one transaction, has ended."""
        with self._lock:
            self._sends.append(send)

    def poll(self, poll: Poll) -> None:
        """One poll has ended."""
        with self._lock:
            self._polls.append(poll)

    def history(self) -> History:
        """Everything so far."""
        with self._lock:
            return History(tuple(self._sends), tuple(self._polls), *self._topics)

    def unanswered(self) -> set[str]:
        """The values of which nobody has seen the answer, though they were committed or seen as requests."""
        results = self._topics[1]
        with self._lock:
            sends, polls = list(self._sends), list(self._polls)
        wanted = {sent.value for send in sends if send.fate is Fate.OK for sent in send.sent}
        answered = set[str]()
        for poll in polls:
            for seen in poll.seen:
                (answered if seen.spot.queue.topic == results else wanted).add(seen.value)
        return wanted - answered
