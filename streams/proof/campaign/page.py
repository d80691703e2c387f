"""The campaign in docs/reliability.md: what each trial does, what others do, and what came of it last. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from streams.proof.campaign.trial import Trial

SECTION = "campaign"
HEAD = (
    "| | what is done | the most that others do, as published | the last full run |",
    "|---|---|---|---|",
)
COUNTED = {
    "kills": "kills",
    "faults": "faults",
    "succeeded": "succeeded",
    "duplicates": "duplicates",
    "missing": "missing",
    "answers out of order": "out of order",
    "wrong answers": "wrong",
    "transactions left open": "left open",
}
"""What is told of a run: the end of the row's name, and the word for it."""


class Line(NamedTuple):
    """A trial for people: what is done to the system, and the figures of whoever does it most elsewhere."""

    done: str
    others: str


LINES: Mapping[str, Line] = {
    "R1": Line(
        "120,000 requests, 100 kill -9 of three workers, a third of them inside an open transaction",
        "Kafka: 100,000 records, 2 copiers 3 times each; Kafka Streams: 3 times kill -9",
    ),
    "R1B": Line(
        "100 kill -9 of a worker or of the process that runs its model: no request may be blamed", "none found"
    ),
    "R2": Line(
        "15 kill -9 and 5 clean restarts of the broker; every third transaction of the sender is aborted",
        "Kafka: each of 3 brokers once; Kafka Streams: 5 clean or 5 hard",
    ),
    "R3": Line(
        "three brokers, replication 3: 9 kills of the one that leads requests, transactions or the group",
        "Kafka: each of 3 brokers once; Kafka Streams: the leader 5 times",
    ),
    "R5": Line(
        "kill -9 before and after each of the ten steps of a record's way, 20 times each: 400 kills",
        "Kafka's EosIntegrationTest: a failing task, a stalled one; librdkafka: 33 cases with a mock broker",
    ),
    "R6": Line(
        "10 workers stopped for three sessions and woken up, 10 transactional ids taken over by a stranger",
        "Kafka: 1 stalled task; Redpanda's chaos suite: hijacked ids, kill, pause, isolation",
    ),
    "R7": Line(
        "50 requests that end a transaction arrive again in the next one (KAFKA-17754), half of them commits; "
        "without the guard an aborted record must be seen",
        "Jepsen found it in Kafka and its Java client; nobody is known to test for it",
    ),
    "R8": Line(
        "30 changes of the number of workers (1, 2, 3, 2, 1), static slots, cooperative, a batch held through each",
        "Flink: 10 changes of scale; Kafka Streams: 3 joins",
    ),
    "R9": Line(
        "20 faults of the network in 300 s for one worker or for all: delay, bandwidth, slices, silence, resets, cuts, "
        "a broker that stands still; then a cut of 60 s",
        "Kafka's Trogdor: a cut of 60 s, 100 ms with 3 Mbit/s for 60 s",
    ),
    "R9P": Line(
        "10 faults of packets: lost, doubled, disordered, none at all; then a partition of 60 s",
        "Jepsen: partitions each 15 s",
    ),
    "R10": Line(
        "a history of reads and writes, checked: 30 seeds of 120 s at 100 operations a second under all faults",
        "Jepsen: 300 s, 5 times; Bufstream: 300 s, 30 times",
    ),
    "R11": Line(
        "1,000 sagas, 200 kills of all who take part, the broker too: no credit lost or made",
        "Temporal: faults injected by store and method, without a count of kills",
    ),
    "R12": Line(
        "20 steps of one worker's clock: 1 h and 2.5 h ahead and behind, and to and fro every 5 ms",
        "Jepsen: clock faults each 15 s",
    ),
    "R13": Line(
        "full disks under load, 3 times each: the broker's, the workers' checkpoints, their logs, all that is theirs",
        "Kafka: a failing log folder under load",
    ),
    "R14": Line("100,000 hostile inputs, from a corpus and from fuzzing", "none found with figures"),
    "R19": Line(
        "an hour at half load with 60 kills: memory, file handles and lag stay flat",
        "Faust: kill -9 each second, for ever, by hand",
    ),
    "R20": Line("50 times SIGTERM in the middle of work: ended in 10 s, nothing open", "Kafka: 3 clean bounces"),
}


def table(trials: Iterable[Trial], rows: Sequence[Mapping[str, Any]]) -> str:
    """The trials as Markdown, with the figures of these rows."""
    found = {row["name"]: row for row in rows}
    lines = []
    for trial in trials:
        line = LINES[trial.code]
        lines.append(f"| {trial.code} {trial.name} | {line.done} | {line.others} | {outcome(trial, found)} |")
    return "\n".join([*HEAD, *lines])


def outcome(trial: Trial, found: Mapping[str, Mapping[str, Any]]) -> str:
    """What came of a trial, in one line."""
    prefix = f"{trial.code} {trial.name}: "
    mine = [row for name, row in found.items() if name.startswith(prefix)]
    if not any(row["name"] == f"{prefix}rounds" for row in mine):
        hindered = found.get(f"{prefix}not run")
        return f"not run: {hindered['note']}" if hindered else "not run yet"
    said = [f"{found[prefix + end]['value']:,.0f} {word}" for end, word in COUNTED.items() if prefix + end in found]
    stall = found.get(f"{prefix}longest stall")
    if stall and stall["value"]:
        said.append(f"longest stall {stall['value']:g} s")
    broken = [row["name"].removeprefix(prefix) for row in mine if not row["holds"]]
    return ", ".join(said) + (f"; **does not hold: {', '.join(broken)}**" if broken else "; holds")
