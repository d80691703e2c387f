"""The calls of a client that wait for an answer: a table from the token of each to its future.

Only the event loop's thread changes the table; the thread that reads answers only looks up.
"""

import asyncio
from dataclasses import dataclass
from itertools import count

from streams.client.errors import CallFailed, NotReady, TimedOut
from streams.client.result import Result

CALL_HEADER = "x-call"
"""The header that carries a call's token. Every header that starts with `x-` comes back on the answer."""
ABANDONED_LIMIT = 100_000


@dataclass(slots=True)
class Call:
    """One request under way."""

    processor: str
    request_id: str
    future: asyncio.Future[Result]
    seconds: float
    timer: asyncio.TimerHandle | None = None


class Calls:
    """All calls under way, and those given up whose answers may still come."""

    def __init__(self, loop: asyncio.AbstractEventLoop, prefix: str) -> None:
        self._loop = loop
        self._prefix = prefix
        self._numbers = count(1)
        self._waiting: dict[bytes, Call] = {}
        self._abandoned: set[bytes] = set()
        self._empty = asyncio.Event()
        self._empty.set()

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def unanswered(self) -> int:
        """Requests sent whose answers have not come, the abandoned ones included."""
        return len(self._waiting) + len(self._abandoned)

    def open(self, processor: str, request_id: str, seconds: float) -> tuple[bytes, Call]:
        """A new call, and the token that its answer will carry. It fails with TimedOut after `seconds`."""
        token = f"{self._prefix}-{next(self._numbers)}".encode()
        call = Call(processor, request_id, self._loop.create_future(), seconds)
        call.timer = self._loop.call_later(seconds, self._expire, token)
        self._waiting[token] = call
        self._empty.clear()
        return token, call

    def waiting(self, token: bytes) -> Call | None:
        """The call that waits for this token, if any; safe from any thread."""
        return self._waiting.get(token)

    def awaited(self, token: bytes) -> bool:
        """Whether this token's answer is still due, waited for or not; safe from any thread."""
        return token in self._waiting or token in self._abandoned

    def answer(self, token: bytes, outcome: Result | CallFailed | None) -> None:
        """Settle a call; the answer that nobody waits for any more is let go, and may be None."""
        call = self._close(token)
        self._abandoned.discard(token)
        if call is None or outcome is None or call.future.done():
            return
        if isinstance(outcome, CallFailed):
            call.future.set_exception(outcome)
        else:
            call.future.set_result(outcome)

    def discard(self, token: bytes) -> None:
        """Stop waiting: the caller was cancelled, or the request was never sent (then nothing is due)."""
        self._close(token)

    def abandon(self, token: bytes) -> None:
        """Stop waiting for a request that was sent; its answer may still come."""
        if self._close(token) is not None and len(self._abandoned) < ABANDONED_LIMIT:
            self._abandoned.add(token)

    async def drained(self, seconds: float) -> bool:
        """Wait until no call waits, at most this long; say whether that came true."""
        try:
            await asyncio.wait_for(self._empty.wait(), seconds)
        except TimeoutError:
            return False
        return True

    def fail_all(self) -> None:
        """Tell every caller that the client was closed."""
        for token in list(self._waiting):
            call = self._waiting[token]
            self.abandon(token)
            if not call.future.done():
                call.future.set_exception(NotReady(f"the client was closed before {call.request_id!r} was answered"))

    def _expire(self, token: bytes) -> None:
        call = self._waiting[token]
        self.abandon(token)
        if not call.future.done():
            call.future.set_exception(TimedOut(call.request_id, call.seconds))

    def _close(self, token: bytes) -> Call | None:
        call = self._waiting.pop(token, None)
        if call is not None and call.timer is not None:
            call.timer.cancel()
        if not self._waiting:
            self._empty.set()
        return call
