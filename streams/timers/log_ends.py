"""Asks the cluster where partitions end, without waiting for the answer."""

import threading
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeAlias

import structlog
from confluent_kafka import IsolationLevel, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin import OffsetSpec as UntypedOffsetSpec

from streams.log_offsets import is_outdated, learn_leaders
from streams.renewable import Renewable, is_the_clients_own
from streams.timers.rules import Ends

OffsetSpec: Any = UntypedOffsetSpec
REQUEST_SECONDS = 5.0

Place: TypeAlias = tuple[str, int]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Question:
    """One question under way: two answers for each partition."""

    asked_ms: int
    high: dict[Place, "Future[Any]"]
    stable: dict[Place, "Future[Any]"]

    @property
    def answered(self) -> bool:
        """Whether every answer is there, an error among them."""
        return all(future.done() for one in (self.high, self.stable) for future in one.values())


class LogEnds:
    """One question at a time, about any number of partitions.

    Whoever calls never waits: a client that failed is exchanged by a thread of its own.
    """

    def __init__(self, admin: Renewable[AdminClient]) -> None:
        self._admin = admin
        self._question: Question | None = None

    @property
    def waiting(self) -> bool:
        """Whether an answer is on its way."""
        return self._question is not None

    def ask(self, places: Iterable[Place], now_ms: int) -> None:
        """Asks for these partitions, unless a question is under way."""
        if self._question is None:
            wanted = list(places)
            high = self._ends(wanted, IsolationLevel.READ_UNCOMMITTED)
            self._question = Question(now_ms, high, self._ends(wanted, IsolationLevel.READ_COMMITTED))

    def answers(self) -> dict[Place, Ends]:
        """What came since the last call; partitions that the cluster could not say are left out."""
        question = self._question
        if question is None or not question.answered:
            return {}
        self._question = None
        found: dict[Place, Ends] = {}
        outdated, failed = set[str](), False
        for place, future in question.high.items():
            try:
                high, stable = future.result().offset, question.stable[place].result().offset
            except KafkaException as error:
                log.debug("the end of a partition is not known", place=place, error=str(error))
                if is_outdated(error):
                    outdated.add(place[0])
                elif is_the_clients_own(error):
                    failed = True
                continue
            found[place] = Ends(question.asked_ms, high, stable)
        if outdated:
            learn_leaders(self._admin.now, outdated, REQUEST_SECONDS)
        if failed:
            threading.Thread(target=self._admin.renew, name="log-ends", daemon=True).start()
        return found

    def _ends(self, places: list[Place], isolation: Any) -> dict[Place, "Future[Any]"]:
        question = {TopicPartition(*place): OffsetSpec.latest() for place in places}
        answers = self._admin.now.list_offsets(question, isolation_level=isolation, request_timeout=REQUEST_SECONDS)
        return {(one.topic, one.partition): future for one, future in answers.items()}
