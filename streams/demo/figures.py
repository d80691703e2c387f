"""What the workers' own metrics say: sizes of micro-batches and transactions, summed over living and dead workers."""

from collections import Counter
from dataclasses import dataclass, field

from prometheus_client.parser import text_string_to_metric_families

from streams.observability.catalogue import BATCH_RECORDS, LAG, OWNED, TRANSACTION_RECORDS


@dataclass(slots=True)
class LaneFigures:
    """One lane's counters; `sizes` counts batches by the upper bound of their size, `reads` has its partitions."""

    batches: float = 0
    batch_records: float = 0
    transactions: float = 0
    settled: float = 0
    owned: float = 0
    sizes: Counter[float] = field(default_factory=Counter)
    reads: set[int] = field(default_factory=set)

    def add(self, other: "LaneFigures") -> None:
        """Adds another worker's."""
        self.batches += other.batches
        self.batch_records += other.batch_records
        self.transactions += other.transactions
        self.settled += other.settled
        self.owned += other.owned
        self.sizes.update(other.sizes)
        self.reads |= other.reads

    @property
    def mean_batch(self) -> float | None:
        """Records in a micro-batch, on average; None before the first."""
        return self.batch_records / self.batches if self.batches else None

    @property
    def mean_transaction(self) -> float | None:
        """Requests settled by a transaction, on average; None before the first."""
        return self.settled / self.transactions if self.transactions else None


def read(page: str) -> dict[str, LaneFigures]:
    """The figures of each lane in a page of `/metrics`."""
    lanes: dict[str, LaneFigures] = {}
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            if "lane" in sample.labels:
                _note(lanes.setdefault(sample.labels["lane"], LaneFigures()), sample.name, sample.labels, sample.value)
    for figures in lanes.values():
        figures.sizes = _differences(figures.sizes)
    return lanes


def _note(figures: LaneFigures, name: str, labels: dict[str, str], value: float) -> None:
    if name == f"{BATCH_RECORDS.name}_count":
        figures.batches = value
    elif name == f"{BATCH_RECORDS.name}_sum":
        figures.batch_records = value
    elif name == f"{BATCH_RECORDS.name}_bucket":
        figures.sizes[float(labels["le"])] = int(value)
    elif name == f"{TRANSACTION_RECORDS.name}_count":
        figures.transactions = value
    elif name == f"{TRANSACTION_RECORDS.name}_sum":
        figures.settled = value
    elif name == LAG.name:
        figures.reads.add(int(labels["partition"]))
    elif name == OWNED.name:
        figures.owned = value


def _differences(cumulative: Counter[float]) -> Counter[float]:
    """Prometheus counts in each bucket what is at most its bound; here, what is between two bounds."""
    found: Counter[float] = Counter()
    below = 0
    for bound in sorted(cumulative):
        found[bound] = cumulative[bound] - below
        below = cumulative[bound]
    return found
