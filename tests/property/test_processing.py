"""Processing with a scripted handler: one output for each entry, in order, and repeats as if one followed the other.

What a scripted lane tells is compared with a fold over the requests one at a time.
"""

from dataclasses import replace
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from streams.state.wire import decode_key
from tests.scripted_lane import BINDING, INVALID, SIDE, Ask, Lane, Plan, Told, run

asks = st.builds(
    Ask,
    st.sampled_from(["a", "b", INVALID]),
    st.sampled_from(["final", "final", "failed", "retriable", "silent"]),
    late=st.booleans(),
    lost=st.sampled_from([False, False, True]),
)
plans = st.builds(
    Plan,
    asks=st.lists(asks, min_size=1, max_size=16),
    slots=st.integers(1, 3),
    size=st.integers(1, 5),
    chunk=st.integers(1, 8),
    delays=st.lists(st.integers(0, 5), min_size=1, max_size=6),
    raises=st.sets(st.integers(0, 8), max_size=3),
    aborts=st.sets(st.integers(0, 4), max_size=2),
    stateful=st.booleans(),
)


def one_after_the_other(plan: Plan) -> tuple[list[Told], list[int]]:
    """The answers, and who was inferred, if each request were answered before the next is read."""
    answers: dict[str, tuple[int | None, str]] = {}
    told, inferred = [], []
    for offset, ask in enumerate(plan.asks):
        known = answers.get(ask.request_id)
        if known is not None and not ask.late:
            answer = Told(offset, *known, replayed=True)
        elif known is None and ask.request_id == INVALID:
            answer = Told(offset, None, "invalid", replayed=False)
        elif ask.late:
            answer = Told(offset, None, "late", replayed=False)
        else:
            inferred.append(offset)
            answer = Told(offset, offset, ask.ending, replayed=False)
        if answer.kind == "silent":
            continue
        if ask.lost:
            answer = Told(offset, None, "lost", replayed=False)
        told.append(answer)
        if answer.kind in ("final", "failed", "invalid"):
            answers[ask.request_id] = (answer.source, answer.kind)
    return told, inferred


def answers_each_entry_once_in_order(lane: Lane) -> None:
    offsets = [entry.offset for batch in lane.batches for entry in batch.entries]
    assert offsets == list(range(len(lane.plan.asks)))
    told = [one.offset for one in lane.told()]
    assert told == sorted(set(told))
    for batch in lane.batches:
        assert [answer is None for answer in batch.answers] == [entry.silent for entry in batch.entries]


def repeats_get_what_they_would_one_after_the_other(lane: Lane) -> None:
    assert lane.told() == one_after_the_other(lane.plan)[0]


def effects_are_those_of_the_inferences_that_count(lane: Lane) -> None:
    inferred = one_after_the_other(lane.plan)[1]
    assert sorted(int(output.value or b"") for output in lane.outputs if output.topic == SIDE) == inferred
    if lane.plan.stateful:
        written = [decode_key(output.key or b"") for output in lane.outputs if output.topic == BINDING.state]
        assert sorted(int(key) for _, key in written) == inferred
        assert lane.partition.store is not None
        assert lane.partition.store.entries == len(inferred)


def a_stateful_handler_runs_alone(lane: Lane) -> None:
    assert lane.script.most_running <= (1 if lane.plan.stateful else lane.plan.slots)


def nothing_is_inferred_without_need(lane: Lane) -> None:
    if not lane.plan.raises and not lane.plan.aborts:
        assert sorted(lane.script.seen) == one_after_the_other(lane.plan)[1]


def nothing_is_left(lane: Lane) -> None:
    assert lane.pipeline.unsettled == 0
    assert len(lane.partition.in_flight) == 0
    assert all(batch.done.is_set() for batch in lane.batches)


def twins(*endings: str, request_id: str = "a", **plan: Any) -> Plan:
    """Requests with one id; one that ends `late` or `lost` would have been final."""
    asks = [
        Ask(request_id, "final" if ending in ("late", "lost") else ending, ending == "late", ending == "lost")
        for ending in endings
    ]
    usual = {"slots": 1, "size": 5, "chunk": 8, "delays": [0], "raises": set(), "aborts": set(), "stateful": True}
    return Plan(asks, **{**usual, **plan})


@given(plans)
@example(twins("retriable", "final", "final"))
@example(twins("retriable", "final", raises={1}))
@example(twins("retriable", "retriable", "failed", size=1, slots=3, stateful=False))
@example(twins("retriable", "silent", "final", raises={2}))
@example(twins("retriable", "retriable", "final", raises={2}))
@example(twins("silent", "silent", "final"))
@example(twins("final", "late", "final", delays=[2], size=1, stateful=False))
@example(twins("final", "lost", "final"))
@example(twins("final", "final", request_id=INVALID))
@example(twins("lost", "final", "late", "final", request_id=INVALID))
@settings(max_examples=120, deadline=None)
def test_a_lane_answers_as_if_one_request_followed_the_other(plan: Plan) -> None:
    lane = run(plan)
    answers_each_entry_once_in_order(lane)
    repeats_get_what_they_would_one_after_the_other(lane)
    effects_are_those_of_the_inferences_that_count(lane)
    a_stateful_handler_runs_alone(lane)
    nothing_is_inferred_without_need(lane)
    nothing_is_left(lane)


def test_a_repeat_does_not_get_what_its_twin_was_told_in_a_try_that_failed() -> None:
    plan = twins("wavers", "final", raises={1})
    other = [Ask("b", "retriable"), Ask("b", "final")]
    lane = run(replace(plan, asks=[*plan.asks, *other]))
    assert lane.told() == [
        Told(0, 0, "retriable", replayed=False),
        Told(1, 1, "final", replayed=False),
        Told(2, 2, "retriable", replayed=False),
        Told(3, 3, "final", replayed=False),
    ]
