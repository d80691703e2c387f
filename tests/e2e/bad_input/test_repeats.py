"""The table of repeats, row by row, on a real worker; the lane prints each request that it runs."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from streams.stack.testing import StackForTests
from streams.testing import eventually
from tests.e2e.bad_input.obliging_worker import BATCH, LARGE, SLOTS
from tests.e2e.bad_input.served_lane import Bad, ServedLane, now_ms

WORKER = Path(__file__).with_name("obliging_worker.py")
OBLIGING = (sys.executable, str(WORKER))


@pytest.fixture(scope="module")
def lane(stack: StackForTests, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedLane]:
    """An obliging echo lane of one partition."""
    with ServedLane(stack, tmp_path_factory.mktemp("repeats"), command=OBLIGING) as served:
        yield served


def runs(lane: ServedLane, request_id: str) -> int:
    """How often a request reached the handler."""
    return lane.said().count(f"ran {request_id}.\n")


class Held:
    """All the lane's slots, each with a request that waits; leaving the block lets them go."""

    def __init__(self, lane: ServedLane, gate: Path, slots: int = SLOTS) -> None:
        self._lane, self._gate, self._slots = lane, gate, slots

    def __enter__(self) -> str:
        wish = f"hold {self._gate}".encode()
        for number in range(self._slots):
            self.first = self._lane.ask(f"held-{self._gate.parent.name}-{number}", wish)
            self._lane.hears(f"ran held-{self._gate.parent.name}-{number}.")
        return self.first

    def __exit__(self, *_: object) -> None:
        self._gate.touch()


@pytest.mark.parametrize(("wish", "status"), [(b"", "COMPLETED"), (b"final", "FAILED")])
def test_a_repeat_of_what_ended_for_good_gets_the_same_value_again(
    lane: ServedLane, stack: StackForTests, wish: bytes, status: str
) -> None:
    request_id, elsewhere = f"known-{status}", stack.new_topic("elsewhere")
    lane.watch(elsewhere)
    first = lane.answer(lane.ask(request_id, wish, headers=[("x-who", b"first"), ("ce_id", b"a")]))
    own = [("x-who", b"second"), ("ce_id", b"b"), ("reply-to", elsewhere.encode()), ("reply-key", b"mine")]
    second = lane.answer(lane.ask(request_id, wish, headers=[*own]))
    assert first.says["status"] == status
    assert not first.replayed
    assert second.record.value == first.record.value
    assert second.replayed
    assert (first.record.header("x-who"), second.record.header("x-who")) == (b"first", b"second")
    assert second.record.header("ce_causationid") == b"b"
    assert (second.record.topic, second.record.key) == (elsewhere, b"mine")
    assert runs(lane, request_id) == 1


def test_json_and_avro_with_the_same_values_are_one_request(lane: ServedLane) -> None:
    lane.answer(lane.ask("either", b"abc"))
    value = b'{"payload": "YWJj", "request_id": "either"}'
    again = lane.answer(lane.send([Bad(value, b"either", [("content-type", b"application/json; charset=utf-8")])])[0])
    assert again.replayed
    assert runs(lane, "either") == 1


def test_what_failed_retriably_is_tried_anew(lane: ServedLane) -> None:
    first, second, third = (lane.answer(lane.ask("twice", b"retriable")) for _ in range(3))
    assert (first.says["status"], first.says["error"]["retriable"]) == ("FAILED", True)
    assert (second.says["status"], second.replayed) == ("COMPLETED", False)
    assert (third.says["status"], third.replayed) == ("COMPLETED", True)
    assert runs(lane, "twice") == 2


def test_what_came_too_late_is_not_run_and_is_tried_anew(lane: ServedLane) -> None:
    late = lane.answer(lane.ask("late", headers=[("deadline", b"%d" % (now_ms() - 1))]))
    assert (late.code, late.says["error"]["retriable"]) == ("DEADLINE_EXCEEDED", True)
    assert runs(lane, "late") == 0
    anew = lane.answer(lane.ask("late"))
    assert (anew.says["status"], anew.replayed) == ("COMPLETED", False)


def test_a_known_answer_is_not_given_after_the_deadline(lane: ServedLane) -> None:
    lane.answer(lane.ask("known-late"))
    late = lane.answer(lane.ask("known-late", headers=[("deadline", b"%d" % (now_ms() - 1))]))
    assert (late.code, late.replayed) == ("DEADLINE_EXCEEDED", False)
    assert lane.answer(lane.ask("known-late")).replayed
    assert runs(lane, "known-late") == 1


def test_another_payload_is_a_conflict_and_leaves_the_first_answer_alone(lane: ServedLane) -> None:
    first = lane.answer(lane.ask("taken", b"one"))
    conflict = lane.answer(lane.ask("taken", b"two"))
    again = lane.answer(lane.ask("taken", b"one"))
    assert (conflict.code, conflict.replayed) == ("REQUEST_ID_CONFLICT", False)
    assert (again.record.value, again.replayed) == (first.record.value, True)
    assert runs(lane, "taken") == 1


def test_a_twin_of_a_request_in_flight_waits_for_it(lane: ServedLane, tmp_path: Path) -> None:
    """The markers behind the twins are run while the first is held, so the twins were admitted before it ended."""
    gate = tmp_path / "gate"
    with Held(lane, gate, 1) as first:
        request_id, wish = f"held-{tmp_path.name}-0", f"hold {gate}".encode()
        twin, conflict = lane.ask(request_id, wish), lane.ask(request_id, b"other")
        markers = [lane.ask(f"marker-{number}") for number in range(2 * BATCH)]
        lane.hears(f"ran marker-{2 * BATCH - 1}.")
    assert lane.answer(twin).replayed
    assert lane.answer(twin).record.value == lane.answer(first).record.value
    assert lane.answer(conflict).code == "REQUEST_ID_CONFLICT"
    assert all(answer.says["status"] == "COMPLETED" for answer in lane.answers(markers))
    assert runs(lane, request_id) == 1


@pytest.mark.parametrize("wish", [b"", b"retriable", b"final"])
def test_twins_in_one_batch(lane: ServedLane, tmp_path: Path, wish: bytes) -> None:
    """Two places of a batch for two twins, sent while no slot is free; one that failed retriably hands on."""
    request_id = f"pair-{wish.decode()}"
    pair = [Bad(lane.request(request_id, wish), b"k")] * BATCH
    with Held(lane, tmp_path / "gate"):
        places = lane.send(pair)
    first, second = lane.answers(places)
    retried = wish == b"retriable"
    assert (first.replayed, second.replayed) == (False, not retried)
    assert first.says["status"] == ("FAILED" if wish else "COMPLETED")
    assert second.says["status"] == ("FAILED" if wish == b"final" else "COMPLETED")
    assert runs(lane, request_id) == (2 if retried else 1)


def test_a_deadline_that_passes_while_the_request_waits_spares_the_processor(lane: ServedLane, tmp_path: Path) -> None:
    deadline = now_ms() + 300
    with Held(lane, tmp_path / "gate"):
        headers = [("deadline", b"%d" % max(deadline, now_ms() + 300))]
        place = lane.ask("waited", headers=[*headers])
        eventually(lambda: now_ms() > int(headers[0][1]), what="the deadline")
    assert lane.answer(place).code == "DEADLINE_EXCEEDED"
    assert runs(lane, "waited") == 0


def test_a_large_answer_is_read_back_from_where_it_lies(lane: ServedLane, stack: StackForTests) -> None:
    elsewhere = stack.new_topic("elsewhere")
    lane.watch(elsewhere)
    first = lane.answer(lane.ask("large", b"large", headers=[("reply-to", elsewhere.encode())]))
    again = lane.answer(lane.ask("large", b"large"))
    assert len(first.says["payload"]) == LARGE
    assert (again.record.value, again.replayed) == (first.record.value, True)
    assert (first.record.topic, again.record.topic) == (elsewhere, lane.binding().results)
    assert runs(lane, "large") == 1


def test_a_large_answer_that_is_no_longer_there_is_made_anew(lane: ServedLane, stack: StackForTests) -> None:
    elsewhere = stack.new_topic("elsewhere")
    lane.watch(elsewhere)
    lane.answer(lane.ask("gone", b"large", headers=[("reply-to", elsewhere.encode())]))
    admin = AdminClient({"bootstrap.servers": stack.bootstrap})
    for deleted in admin.delete_records([TopicPartition(elsewhere, 0, -1)]).values():
        deleted.result(10)
    again = lane.answer(lane.ask("gone", b"large"))
    assert (again.says["status"], again.replayed) == ("COMPLETED", False)
    assert runs(lane, "gone") == 2
