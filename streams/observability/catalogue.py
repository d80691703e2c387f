"""Every metric of a worker: its name, kind, labels, unit and meaning; docs/metrics.md is this list."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["counter", "gauge", "histogram"]

COUNTS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 4096.0, 16384.0)
COSTS = (1.0, 16.0, 64.0, 256.0, 1024.0, 4096.0, 16384.0, 65536.0, 262144.0, 1048576.0, 8388608.0)
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric as Prometheus shows it; a counter's name ends in `_total`."""

    name: str
    kind: Kind
    unit: str
    meaning: str
    labels: tuple[str, ...] = ("lane",)
    buckets: tuple[float, ...] = ()


BATCHES = Metric(
    "sluicegate_batches_total",
    "counter",
    "batches",
    "Micro-batches closed, by the reason why they closed.",
    ("lane", "reason"),
)
BATCH_RECORDS = Metric("sluicegate_batch_records", "histogram", "records", "Records in a micro-batch.", buckets=COUNTS)
BATCH_COST = Metric(
    "sluicegate_batch_cost",
    "histogram",
    "the processor's own (bytes, tokens, pixels)",
    "Cost of a micro-batch as its processor counts it.",
    buckets=COSTS,
)
QUEUE_SECONDS = Metric(
    "sluicegate_queue_seconds",
    "histogram",
    "seconds",
    "Wait of a micro-batch's oldest record from the poll until its processor has it.",
    buckets=SECONDS,
)
COMPUTE_SECONDS = Metric(
    "sluicegate_compute_seconds",
    "histogram",
    "seconds",
    "Time that a processor took for a micro-batch.",
    buckets=SECONDS,
)
OUTCOMES = Metric(
    "sluicegate_outcomes_total",
    "counter",
    "outcomes",
    "Outcomes committed: COMPLETED, or the code of the failure.",
    ("lane", "code"),
)
TRANSACTION_SECONDS = Metric(
    "sluicegate_transaction_seconds",
    "histogram",
    "seconds",
    "Time from the beginning of a transaction to its commit.",
    buckets=SECONDS,
)
TRANSACTION_RECORDS = Metric(
    "sluicegate_transaction_records",
    "histogram",
    "records",
    "Requests settled by a transaction.",
    buckets=COUNTS,
)
TRANSACTION_BYTES = Metric(
    "sluicegate_transaction_bytes_total", "counter", "bytes", "Bytes of the requests that transactions settled."
)
ABORTS = Metric(
    "sluicegate_aborts_total",
    "counter",
    "aborts",
    "Flights of micro-batches dropped and read again, by cause.",
    ("lane", "cause"),
)
PRODUCERS = Metric(
    "sluicegate_producers_renewed_total",
    "counter",
    "producers",
    "Producers made anew because a commit may have been retried.",
)
PAUSES = Metric("sluicegate_pauses_total", "counter", "pauses", "Times that a full lane paused reading its partitions.")
PAUSED = Metric("sluicegate_paused", "gauge", "0 or 1", "Whether the lane is paused because it is full.")
LAG = Metric(
    "sluicegate_lag_records",
    "gauge",
    "records",
    "Records of an owned partition that are not settled yet.",
    ("lane", "topic", "partition"),
)
UNSETTLED_AGE = Metric(
    "sluicegate_unsettled_age_seconds",
    "gauge",
    "seconds",
    "Age, since it was read, of the oldest record that is not settled; health follows it.",
)
REPEATS = Metric(
    "sluicegate_repeats_total",
    "counter",
    "requests",
    "Repeated request ids, by what became of them.",
    ("lane", "kind"),
)
EVICTIONS = Metric(
    "sluicegate_repeats_evicted_total",
    "counter",
    "answers",
    "Remembered answers dropped before their retention ended because the store was full.",
)
DEAD_LETTERS = Metric(
    "sluicegate_dead_letters_total",
    "counter",
    "records",
    "Records that could not be read; `sluicegate dead-letters list` says why.",
)
STOPPED = Metric(
    "sluicegate_partitions_stopped",
    "gauge",
    "partitions",
    "Owned partitions that a dead letter limit stopped; an operator resumes them.",
)
WAITING = Metric(
    "sluicegate_partitions_waiting",
    "gauge",
    "partitions",
    "Owned partitions that can't be restored yet, and are not read; `/health` says why and what to do.",
)
OWNED = Metric("sluicegate_partitions_owned", "gauge", "partitions", "Partitions that this worker owns.")
TIMERS_FIRED = Metric("sluicegate_timers_fired_total", "counter", "timers", "Timers that were due and fired.")
TIMER_LATENESS = Metric(
    "sluicegate_timer_lateness_seconds",
    "histogram",
    "seconds",
    "From when the first timer of a pass was due until it was handed to the lane.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0, 300.0, 3600.0),
)
TIMERS_PINNED = Metric(
    "sluicegate_timers_pinned_total",
    "counter",
    "timers",
    "Timers that fired although an open transaction hid the end of the log for too long: find and end it.",
)
SAGA_TRANSITIONS = Metric(
    "sluicegate_saga_transitions_total",
    "counter",
    "transitions",
    "Commands, replies and timers that changed a saga, committed.",
)
SAGAS_STARTED = Metric(
    "sluicegate_sagas_started_total", "counter", "sagas", "Sagas started, by their definition's name.", ("lane", "saga")
)
SAGAS_ENDED = Metric(
    "sluicegate_sagas_ended_total",
    "counter",
    "sagas",
    "Sagas ended, by their definition's name and how: COMPLETED, COMPENSATED or ABORTED.",
    ("lane", "saga", "status"),
)
SAGAS_PARKED = Metric(
    "sluicegate_sagas_parked",
    "gauge",
    "sagas",
    "Sagas of owned partitions that wait for a person now: `sluicegate saga list --attention`.",
)
HOST_RESTARTS = Metric(
    "sluicegate_host_restarts_total",
    "counter",
    "restarts",
    "Restarts of the processes that run the processor, after a crash, a hang or a kill.",
)
WORKER = Metric(
    "sluicegate_worker_info", "gauge", "1", "The worker's slot and version, as labels.", ("slot", "version")
)

CATALOGUE: tuple[Metric, ...] = (
    BATCHES,
    BATCH_RECORDS,
    BATCH_COST,
    QUEUE_SECONDS,
    COMPUTE_SECONDS,
    OUTCOMES,
    TRANSACTION_SECONDS,
    TRANSACTION_RECORDS,
    TRANSACTION_BYTES,
    ABORTS,
    PRODUCERS,
    PAUSES,
    PAUSED,
    LAG,
    UNSETTLED_AGE,
    REPEATS,
    EVICTIONS,
    DEAD_LETTERS,
    STOPPED,
    WAITING,
    OWNED,
    TIMERS_FIRED,
    TIMER_LATENESS,
    TIMERS_PINNED,
    SAGA_TRANSITIONS,
    SAGAS_STARTED,
    SAGAS_ENDED,
    SAGAS_PARKED,
    HOST_RESTARTS,
    WORKER,
)

NAMED = {metric.name: metric for metric in CATALOGUE}


def table() -> str:
    """The catalogue as a Markdown table, as docs/metrics.md has it."""
    rows = (
        f"| `{metric.name}` | {metric.kind} | {', '.join(f'`{label}`' for label in metric.labels)} "
        f"| {metric.unit} | {metric.meaning} |"
        for metric in CATALOGUE
    )
    return "\n".join(("| name | kind | labels | unit | meaning |", "|---|---|---|---|---|", *rows)) + "\n"
