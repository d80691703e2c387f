"""The handler of the index's lane: a batch is one transaction of a database outside Kafka, on a thread of its own.

The database and Kafka commit apart, so a batch may come again; what was done already is then only answered.
"""

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from schemas.handler import Effects, State
from schemas.request import Request
from streams.participants.index_store import IndexStore


class IndexHandler:
    """Answers from the database. While that is down or locked it raises, and the lane tries again."""

    stateful = False
    stores: tuple[str, ...] = ()

    def __init__(self, store: IndexStore) -> None:
        self._store = store
        self._ready = False
        # Its own: a database that hangs keeps no other lane from a thread.
        self._thread = ThreadPoolExecutor(1, "index")

    @property
    def ready(self) -> bool:
        """Whether the tables are there."""
        return self._ready

    async def start(self) -> None:
        """Makes the tables. Raises sqlalchemy.exc.SQLAlchemyError while the database does not answer."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._store.open)
        self._ready = True

    async def stop(self) -> None:
        """Lets go of the database; a transaction that hangs is left to its time-out."""
        self._ready = False
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._store.close()

    async def handle(self, requests: Sequence[Request], state: State, now: float) -> Effects:
        """Outcomes in the order of the requests; the time in the database counts as compute time."""
        records = [request.record for request in requests]
        began = time.perf_counter()
        loop = asyncio.get_running_loop()
        outcomes = await loop.run_in_executor(self._thread, self._store.answer, records, int(now * 1000))
        return Effects(list(outcomes), compute_seconds=time.perf_counter() - began)
