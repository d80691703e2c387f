"""Asks the registry for schemas that the intake met first, off its thread; partitions wait parked meanwhile."""

from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event

import structlog

from schemas.errors import RegistryUnavailable, SchemaNotFound, SchemaUnsafe
from schemas.registry import Registry
from streams.partition import Partition

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0

log = structlog.get_logger(__name__)


class SchemaAsker:
    """One question for each schema id at a time; while the registry is down it asks again, and nothing is lost."""

    def __init__(self, lane: str, registry: Registry) -> None:
        self._registry = registry
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=f"{lane}-schemas")
        self._questions: dict[int, tuple[Future[None], set[Partition]]] = {}
        self._stopping = Event()

    @property
    def waiting(self) -> bool:
        """Whether a partition waits for a schema."""
        return bool(self._questions)

    def ask(self, schema_id: int, partition: Partition) -> None:
        """Asks for a schema; `partition` is handed back by `take` once the answer is known."""
        if schema_id not in self._questions:
            self._questions[schema_id] = (self._pool.submit(self._fetch, schema_id), set())
        self._questions[schema_id][1].add(partition)

    def answered(self) -> bool:
        """Whether some question has its answer."""
        return any(future.done() for future, _ in self._questions.values())

    def take(self) -> set[Partition]:
        """The partitions whose questions are answered, good or bad: admit again and see."""
        done = [schema_id for schema_id, (future, _) in self._questions.items() if future.done()]
        return set().union(*(self._questions.pop(schema_id)[1] for schema_id in done))

    def forget(self) -> None:
        """Drops the questions: their partitions go back to what is committed."""
        self._questions.clear()

    def stop(self) -> None:
        """Ends the thread."""
        self._stopping.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _fetch(self, schema_id: int) -> None:
        pause = FIRST_PAUSE
        while not self._stopping.is_set():
            try:
                self._registry.fetch(schema_id)
                return
            except RegistryUnavailable as error:
                log.warning("the registry does not answer, trying again", schema=schema_id, error=str(error))
                self._stopping.wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            except (SchemaNotFound, SchemaUnsafe):
                return
            except Exception as error:  # a defect must not make the intake ask again at once, and for ever
                log.exception("a schema could not be taken in, trying again", schema=schema_id, error=repr(error))
                self._stopping.wait(LONGEST_PAUSE)
