"""Starts: new, again, after the end, and malformed."""

import pytest

from sagas.engine.start import digest_of
from sagas.flow import seq
from sagas.inputs import CommandKind
from sagas.instance import Status
from sagas.policy import Deadline, OnDuplicate
from sagas.refusal import Refusal
from schemas.outcome import Code
from tests.saga_definitions import add_step, new_saga
from tests.saga_driver import START_MS, Driver


def driver(**settings: object) -> Driver:
    saga = new_saga(**settings)
    saga.flow = seq(add_step(saga, "a"))
    return Driver(saga)


def test_a_start_is_answered_and_recorded() -> None:
    started = driver(deadline=Deadline(5_000)).start(reason="an order came in")
    assert started.answer().ok
    first = started.history[0]
    assert (first.kind, first.seq, first.run, first.actor, first.reason) == (
        "started", 0, START_MS, "ada", "an order came in",
    )  # fmt: skip
    assert started.saga.timers["deadline"].due_ms == START_MS + 5_000
    assert started.saga.hash == started.compiled[0].hash


def test_an_unknown_saga_is_named_with_those_that_exist() -> None:
    answer = driver().command(CommandKind.START, saga="odrer").answer()
    assert (answer.code, "there are: order" in answer.message) == (Refusal.SAGA_UNKNOWN, True)


def test_an_unknown_version_is_named_with_those_that_exist() -> None:
    answer = driver().command(CommandKind.START, saga="order", version=7).answer()
    assert (answer.code, "lacks version 7 of saga 'order'; it has 1" in answer.message) == (Refusal.SAGA_UNKNOWN, True)


def test_a_start_takes_the_newest_version_or_the_one_it_names() -> None:
    old, new = new_saga(version=1), new_saga(version=2)
    old.flow, new.flow = seq(add_step(old, "a")), seq(add_step(new, "b"))
    assert Driver(new, old).start().saga.version == 2
    assert Driver(new, old).start(version=1).saga.version == 1


@pytest.mark.parametrize(
    "payload", [b"", b"no json", b"[]", b"{}", b'{"order": 1}', b'{"order": "one", "more": 1}', b'{"order": "\xff"}']
)
def test_a_malformed_start_is_refused(payload: bytes) -> None:
    started = driver().start(payload)
    assert (started.answer().code, started.instance) == (Code.INVALID_ARGUMENT, None)


def test_a_start_for_another_id_than_its_message_has_is_refused() -> None:
    answer = driver().start(b'{"order": "two"}').answer()
    assert (answer.code, "is for saga 'two', the command for 'one'" in answer.message) == (Code.INVALID_ARGUMENT, True)


def test_a_start_whose_functions_raise_is_refused() -> None:
    for broken in ({"saga_id": lambda start: start.nothing}, {"initial": lambda start: 1 // 0}):
        started = driver(**broken).start()
        assert (started.answer().code, started.instance) == (Code.INVALID_ARGUMENT, None)


def test_a_start_whose_first_data_is_of_another_type_is_refused() -> None:
    answer = driver(initial=lambda start: start).start().answer()
    assert (answer.code, "return Order" in answer.message) == (Code.INVALID_ARGUMENT, True)


def test_a_second_start_gets_the_saga_that_is_there() -> None:
    started = driver().start()
    state = started.saga
    answer = started.start(b' {"order":"one" } ').answer()
    assert (answer.ok, answer.message) == (True, "started before; it is RUNNING")
    assert (started.saga, started.events()) == (state, [])


def test_a_second_start_may_be_refused() -> None:
    answer = driver(on_duplicate_start=OnDuplicate.REJECT).start().start().answer()
    assert (answer.code, "was started before" in answer.message) == (Refusal.SAGA_REFUSED, True)


def test_a_start_after_the_end_starts_nothing() -> None:
    started = driver().start().done("a").start()
    assert (started.answer().ok, started.answer().message) == (True, "started before; it is COMPLETED")
    assert started.status is Status.COMPLETED


@pytest.mark.parametrize("payload", [b'{"order": "one", "big": true}', b"no json"])
def test_a_second_start_with_another_message_is_a_conflict(payload: bytes) -> None:
    assert driver().start().start(payload).answer().code is Code.REQUEST_ID_CONFLICT


def test_the_same_id_for_another_saga_is_a_conflict() -> None:
    assert driver().start().start(saga="other").answer().code is Code.REQUEST_ID_CONFLICT


def test_a_forgotten_id_may_be_used_again_with_other_keys() -> None:
    started = driver().start()
    first = started.last("a").request_id
    started.done("a").fire("retain").start()
    assert started.status is Status.RUNNING
    assert started.saga.run == started.now_ms
    assert started.last("a").request_id != first


def test_a_payload_that_nests_as_deep_as_can_be_read_has_no_digest() -> None:
    """What its reader can just follow is too deep for its writer: a refusal of the start, no defect of the engine."""
    for depth in range(900, 1_000):
        digest_of(b"[" * depth + b"]" * depth)
