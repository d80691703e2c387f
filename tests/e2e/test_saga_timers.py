"""Timers of sagas on a real cluster: in time, never early, and never before a reply that is in the log."""

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from confluent_kafka import Producer

from sagas.catalogue import Catalogue
from sagas.effects import Send
from sagas.engine import react
from sagas.events import EventKind
from sagas.inputs import Command, CommandKind
from sagas.instance import Status
from schemas import avsc
from schemas.codec import Codec
from schemas.outcome import Completed
from schemas.result import result_record
from schemas.subjects import subject
from streams.client.reading import TopicReader
from streams.sagas.row import STORE, Rows
from streams.stack.testing import StackForTests
from streams.state.wire import encode_key
from streams.testing import eventually
from tests.e2e.machine_stalls import MachineStalls
from tests.e2e.saga_site import SagaSite
from tests.e2e.saga_worker import CATALOGUE

OVERDUE = int(os.environ.get("SLUICEGATE_PROOF_OVERDUE", "10000"))
ANSWERED = OVERDUE // 5
LATE_MS = 100
PATIENCE = 60 + OVERDUE // 200


@pytest.fixture
def site(stack: StackForTests, tmp_path: Path) -> Iterator[SagaSite]:
    with SagaSite(stack, tmp_path) as made:
        yield made


def test_a_signal_that_does_not_come_in_time(site: SagaSite) -> None:
    """Never early, and at most 100 ms late; what the machine itself was late by is not the timers' doing."""
    site.worker(0, "sagas", "echo")
    for attempt in ("waits", "waits-again"):
        with MachineStalls() as stalls:
            fired = timed_out(site, [f"{attempt}-{number}" for number in range(10)])
        assert all(at >= due for due, at in fired)
        late = sorted(at - due - stalls.longest(due, at) for due, at in fired)
        if sum(one <= LATE_MS for one in late) >= 9 or not stalls.busy:
            break
    assert sum(one <= LATE_MS for one in late) >= 9, (late, stalls.longest())


def timed_out(site: SagaSite, names: Sequence[str]) -> list[tuple[int, int]]:
    """When each saga's signal was due, and when it was given up."""
    for name in names:
        site.send_starts("impatient", [name])  # one by one: those that begin together fire together
    site.all_become(names, Status.COMPENSATED)
    histories = site.reader().histories()
    lives = [{event.kind: event for event in histories[name]} for name in names]
    return [(life[EventKind.SIGNAL_AWAITED].body["due_ms"], life[EventKind.SIGNAL_TIMED_OUT].at_ms) for life in lives]


def test_a_participant_that_never_answers(site: SagaSite) -> None:
    site.worker(0, "sagas")
    site.start("hasty", "alone")
    site.becomes("alone", Status.COMPENSATED)
    events = site.history("alone")
    assert [event.attempt for event in events if event.kind is EventKind.STEP_SENT] == [1, 2]


def test_a_reply_in_the_log_wins_over_a_timer_that_came_due_meanwhile(site: SagaSite) -> None:
    """The orchestrator dies, the participant answers, the answer is late for whoever looks at the clock alone."""
    first = site.worker(0, "sagas")
    site.start("hasty", "answered")
    first.kill()
    first.wait()
    began = time.monotonic()
    site.worker(1, "echo")
    eventually(lambda: time.monotonic() - began > 3.0, what="the time-out")
    site.worker(0, "sagas")
    site.becomes("answered", Status.COMPLETED)
    assert EventKind.STEP_FAILED not in {event.kind for event in site.history("answered")}


def test_a_transaction_that_nobody_ends_holds_timers_up_for_a_while(site: SagaSite) -> None:
    """It hides the end of the inbox, and with it any reply: the timers fire at last, and somebody is told."""
    site.worker(0, "sagas", SLUICEGATE_WORKER__PINNED_SECONDS="2")
    site.start("hasty", "pinned")
    servers = site.settings.kafka.bootstrap_servers
    hanging = Producer({"bootstrap.servers": servers, "transactional.id": "hanging", "transaction.timeout.ms": 60_000})
    hanging.init_transactions(20)
    hanging.begin_transaction()
    for partition in (0, 1):
        hanging.produce(site.settings.lanes["sagas"].requests[0], b"x", partition=partition)
    assert hanging.flush(20) == 0
    site.becomes("pinned", Status.COMPENSATED)
    assert "an open transaction hides the end of the log" in site.log(0).read_text()
    events = {event.kind: event for event in site.history("pinned")}
    late = events[EventKind.STEP_IN_DOUBT].at_ms - events[EventKind.STARTED].at_ms
    assert late >= 2 * 1_000 + 2_000
    hanging.abort_transaction(20)


def begun(site: SagaSite, catalogue: Catalogue, count: int, answered: int, started_ms: int) -> None:
    """Puts sagas into the store whose only step timed out long ago, and the answers to some into the inbox."""
    binding = site.reader()._settings.lanes["sagas"]
    inbox, group = binding.requests[0], binding.group
    rows = Rows(f"{group}.state")
    rows.connect(site.registry)
    echoed = site.settings.lanes["echo"].results or ""
    answers = Codec(avsc.load("echo", "result"), subject(echoed), site.registry)
    answers.bind()
    producer = Producer(
        {"bootstrap.servers": site.settings.kafka.bootstrap_servers, "partitioner": "murmur2_random",
         "queue.buffering.max.messages": 1_000_000, "linger.ms": 20}
    )  # fmt: skip
    for number in range(count):
        name = f"old-{number}"
        message = b'{"name": "%s"}' % name.encode()
        command = Command(CommandKind.START, "resigned", payload=message, request_id=name)
        reaction = react(catalogue, None, name, command, started_ms)
        assert reaction.instance is not None
        assert reaction.state is not None
        row = rows.pack(reaction.instance, reaction.state)
        # As the lane would have: the changelog's partition is the inbox's.
        producer.produce(f"{group}.state", row, encode_key(STORE, name.encode()), partition=number % 2)
        if number < answered:
            send = next(effect for effect in reaction.effects if isinstance(effect, Send))
            record = result_record(send.request_id, Completed({"payload": b"one"}), "echo", "1", 0.0, 0.0)
            headers = [("x-saga-id", name.encode()), ("x-saga-attempt", b"1"), ("x-saga-run", b"%d" % send.run)]
            producer.produce(inbox, answers.encode(record), name.encode(), partition=number % 2, headers=headers)
        if number % 1_000 == 0:
            producer.poll(0)
    assert producer.flush(60) == 0


@pytest.mark.timeout(3 * PATIENCE)
def test_very_many_overdue_timers_with_replies_waiting(site: SagaSite) -> None:
    """After an outage: no false time-out, everything fires, and what comes meanwhile gets its turn."""
    begun(site, CATALOGUE, OVERDUE, ANSWERED, time.time_ns() // 1_000_000 - 3_600_000)
    site.worker(0, "sagas")
    site.worker(1, "echo")
    asked = time.monotonic()
    site.start("three-echoes", "meanwhile")
    waited = time.monotonic() - asked
    topic = TopicReader(site.settings)
    places = topic.partitions([site.settings.sagas.history])

    def written() -> bool:
        # Two events for each that was answered, three for each of the others; markers of transactions come on top.
        return sum(span.size for span in topic.spans(places)) >= 3 * OVERDUE - ANSWERED

    eventually(written, within=PATIENCE, every=1.0, what="so many events")
    histories = eventually(
        lambda: found if len(found := site.reader().histories()) > OVERDUE else None,
        within=PATIENCE,
        every=3.0,
        what="an event of every saga",
    )
    for number in range(ANSWERED):
        kinds = {event.kind for event in histories[f"old-{number}"]}
        assert EventKind.COMPLETED in kinds
        assert EventKind.STEP_IN_DOUBT not in kinds, number
    assert all(histories[f"old-{number}"][-1].kind is EventKind.COMPENSATED for number in range(ANSWERED, OVERDUE))
    assert waited < 60
