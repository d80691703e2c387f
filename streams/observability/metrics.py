"""The instruments of a worker, in a registry of its own, and each lane's handle on them.

A lane calls its handle once for a batch or a transaction, never once for a record.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from schemas.handler import Count
from streams.observability import catalogue
from streams.observability.catalogue import Metric


class Instruments:
    """One instrument for each metric of the catalogue, in `registry`."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=True)
        self._made = {metric.name: self._make(metric) for metric in catalogue.CATALOGUE}
        ProcessCollector(namespace="sluicegate", registry=self.registry)

    def _make(self, metric: Metric) -> Any:
        if metric.kind == "histogram":
            return Histogram(metric.name, metric.meaning, metric.labels, buckets=metric.buckets, registry=self.registry)
        kind = Counter if metric.kind == "counter" else Gauge
        return kind(metric.name, metric.meaning, metric.labels, registry=self.registry)

    def of(self, metric: Metric) -> Any:
        """The instrument (a prometheus_client Counter, Gauge or Histogram) of a metric of the catalogue."""
        return self._made[metric.name]

    def worker(self, slot: int, version: str) -> None:
        """Shows which worker this is."""
        self.of(catalogue.WORKER).labels(str(slot), version).set(1)


@lru_cache(maxsize=1)
def instruments() -> Instruments:
    """The instruments of this process."""
    return Instruments()


class LaneMetrics:
    """What one lane counts and measures. Any thread may call any method; each takes microseconds."""

    def __init__(self, lane: str, made: Instruments | None = None) -> None:
        self.lane = lane
        self._instruments = made or instruments()
        self._children: dict[tuple[str, ...], Any] = {}

    def _child(self, metric: Metric, *labels: str) -> Any:
        key = (metric.name, *labels)
        child = self._children.get(key)
        if child is None:
            child = self._children[key] = self._instruments.of(metric).labels(self.lane, *labels)
        return child

    def batch_closed(self, reason: str, size: int, cost: float) -> None:
        """A micro-batch closed, with its records and its cost."""
        self._child(catalogue.BATCHES, reason).inc()
        self._child(catalogue.BATCH_RECORDS).observe(size)
        self._child(catalogue.BATCH_COST).observe(cost)

    def queue_seconds(self, seconds: float) -> None:
        """The wait of a batch's oldest record until its processor has it."""
        self._child(catalogue.QUEUE_SECONDS).observe(seconds)

    def compute_seconds(self, seconds: float) -> None:
        """The processor's time for a batch."""
        self._child(catalogue.COMPUTE_SECONDS).observe(seconds)

    def outcomes(self, code: str, number: int) -> None:
        """So many outcomes of one code (COMPLETED, or a failure's) are committed."""
        self._child(catalogue.OUTCOMES, code).inc(number)

    def transaction(self, records: int, size: int, seconds: float) -> None:
        """A transaction is committed: the requests that it settled, their bytes, the time from begin to commit."""
        self._child(catalogue.TRANSACTION_SECONDS).observe(seconds)
        self._child(catalogue.TRANSACTION_RECORDS).observe(records)
        self._child(catalogue.TRANSACTION_BYTES).inc(size)

    def abort(self, cause: str) -> None:
        """The lane's flight was dropped, to be read again."""
        self._child(catalogue.ABORTS, cause).inc()

    def producer_renewed(self) -> None:
        """The producer was made anew."""
        self._child(catalogue.PRODUCERS).inc()

    def pause(self) -> None:
        """The lane is full and paused its partitions."""
        self._child(catalogue.PAUSES).inc()
        self._child(catalogue.PAUSED).set(1)

    def resume(self) -> None:
        """The lane has room again."""
        self._child(catalogue.PAUSED).set(0)

    def lag(self, topic: str, partition: int, records: int) -> None:
        """The records of an owned partition that are not settled."""
        self._child(catalogue.LAG, topic, str(partition)).set(records)

    def forget_partition(self, topic: str, partition: int) -> None:
        """The partition is no longer ours: its lag is another worker's to show."""
        if self._children.pop((catalogue.LAG.name, topic, str(partition)), None) is not None:
            self._instruments.of(catalogue.LAG).remove(self.lane, topic, str(partition))

    def partitions(self, owned: int, stopped: int = 0, waiting: int = 0) -> None:
        """How many partitions are owned, how many of them are stopped, and how many can't be restored yet."""
        self._child(catalogue.OWNED).set(owned)
        self._child(catalogue.STOPPED).set(stopped)
        self._child(catalogue.WAITING).set(waiting)

    def unsettled_age(self, seconds: Callable[[], float]) -> None:
        """Gives the function that each scrape asks for the age of the oldest unsettled record (0: none)."""
        self._child(catalogue.UNSETTLED_AGE).set_function(seconds)

    def repeats(self, kind: str, number: int) -> None:
        """So many requests of a batch were repeats that met this fate."""
        self._child(catalogue.REPEATS, kind).inc(number)

    def evictions(self, number: int) -> None:
        """So many remembered answers were dropped early."""
        self._child(catalogue.EVICTIONS).inc(number)

    def dead_letters(self, number: int) -> None:
        """So many records of a batch could not be read."""
        self._child(catalogue.DEAD_LETTERS).inc(number)

    def timers_fired(self, number: int, lateness: float) -> None:
        """So many timers were handed to the lane together; the one due first was late by so many seconds."""
        self._child(catalogue.TIMERS_FIRED).inc(number)
        self._child(catalogue.TIMER_LATENESS).observe(lateness)

    def timers_pinned(self, number: int) -> None:
        """So many timers fired although the end of the log is hidden."""
        self._child(catalogue.TIMERS_PINNED).inc(number)

    def counted(self, counts: Mapping[Count, int]) -> None:
        """What a handler counted of a batch that is committed: by a counter of the catalogue, and its other labels."""
        for (metric, *labels), number in counts.items():
            self._child(catalogue.NAMED[metric], *labels).inc(number)

    def parked(self, number: int) -> None:
        """So many keys of the lane's owned partitions wait for a person."""
        self._child(catalogue.SAGAS_PARKED).set(number)

    def host_restarts(self, number: int) -> None:
        """The processor's host process was started again so many times."""
        self._child(catalogue.HOST_RESTARTS).inc(number)
