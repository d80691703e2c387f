from dataclasses import replace

import pytest

from sagas.catalogue import Catalogue
from sagas.engine import Reaction
from sagas.inputs import CommandKind
from sagas.instance import Status
from sagas.refusal import Refusal
from sagas.wire.instance import encode_instance
from schemas.errors import Misconfigured
from schemas.handler import Effects
from schemas.outcome import Code, Completed, Failed
from streams.sagas import handler as module
from streams.sagas.lane import saga_lane
from streams.sagas.row import STORE, due_of, is_aside, is_parked, with_due
from streams.settings import LaneSettings, Settings
from streams.state.wire import encode_key
from tests.e2e.saga_worker import CATALOGUE
from tests.unit.streams.sagas.lane_of_sagas import NOW, SETTINGS, LaneOfSagas, Topics, failed


@pytest.fixture
def lane() -> LaneOfSagas:
    return LaneOfSagas(CATALOGUE)


def test_a_start_is_answered_once_and_sends_the_first_command(lane: LaneOfSagas) -> None:
    effects = lane.handle(lane.start("three-echoes", "a"))
    (outcome,) = effects.outcomes
    assert outcome == Completed({"saga_id": "a", "saga_status": "RUNNING", "seq": 1})
    (sent,) = lane.sent(effects)
    assert dict(sent.headers) == {
        "content-type": b"application/avro",
        "reply-to": b"sluicegate.sagas.inbox",
        "reply-key": b"a",
        "x-saga-id": b"a",
        "x-saga-run": b"%d" % NOW,
        "x-saga-attempt": b"1",
        "deadline": b"%d" % (NOW + 30_000),
    }
    assert lane.decode(sent.value or b"")["payload"] == b"one hello"
    assert [event["event"] for event in lane.events(effects)] == ["started", "step_sent"]


def test_replies_are_not_answered_and_lead_to_the_end(lane: LaneOfSagas) -> None:
    effects = lane.handle(lane.start("three-echoes", "a"))
    for _ in range(3):
        (sent,) = lane.sent(effects)
        effects = lane.handle(lane.reply(sent))
        assert effects.outcomes == [None]
    (ended,) = lane.sent(effects, "sluicegate.sagas.outcomes")
    assert lane.decode(ended.value or b"")["status"] == "COMPLETED"
    saga = lane.saga("a")
    assert saga is not None
    assert saga.status is Status.COMPLETED


def test_what_an_abort_undid_is_done_again(lane: LaneOfSagas) -> None:
    effects = lane.handle(lane.start("three-echoes", "a"))
    reply = lane.reply(lane.sent(effects)[0])
    before = lane.saga("a")
    aborted = lane.handle(reply, commit=False)
    assert lane.saga("a") == before
    again = lane.handle(reply)
    assert [one.value for one in again.emissions] == [one.value for one in aborted.emissions]


def test_a_reply_for_nobody_is_kept_aside_untouched(lane: LaneOfSagas) -> None:
    sent = lane.sent(lane.handle(lane.start("three-echoes", "a")))[0]
    stray = replace(sent, headers=[*sent.headers[:3], ("x-saga-id", b"nobody"), ("x-other", b"1")])
    reply = lane.reply(stray)
    (orphan,) = lane.handle(reply).emissions
    assert orphan.topic == SETTINGS.sagas.orphans
    assert orphan.value == reply.value  # type: ignore[attr-defined] # an InboxEntry
    assert orphan.headers == [
        ("x-saga-id", b"nobody"), ("x-other", b"1"), ("x-saga-orphan", b"there is no saga 'nobody'")
    ]  # fmt: skip


def test_an_orphan_too_large_for_its_topic_loses_its_value(lane: LaneOfSagas) -> None:
    lane.topics.limits[SETTINGS.sagas.orphans] = 600
    sent = lane.sent(lane.handle(lane.start("three-echoes", "a")))[0]
    reply = lane.reply(replace(sent, headers=[("reply-key", b"a"), ("x-saga-id", b"nobody"), ("x-long", b"y" * 600)]))
    (orphan,) = lane.handle(reply).emissions
    assert orphan.value is None
    assert b"bytes omitted" in dict(orphan.headers)["x-sluicegate-omitted"]


def test_refusals_say_why(lane: LaneOfSagas) -> None:
    effects = lane.handle(
        lane.start("no-such-saga", "a"), lane.command(CommandKind.CANCEL, "b"), lane.start("three-echoes", "c")
    )
    unknown, absent, started = effects.outcomes
    assert isinstance(unknown, Failed)
    assert unknown.code is Refusal.SAGA_UNKNOWN
    assert isinstance(absent, Failed)
    assert absent.code is Refusal.SAGA_NOT_FOUND
    assert isinstance(started, Completed)


def test_a_timer_fires_once_it_is_due(lane: LaneOfSagas) -> None:
    lane.handle(lane.start("hasty", "a"))
    row = lane.row("a")
    assert row is not None
    due = due_of(row)
    assert due == NOW + 1_000
    early = lane.handle(lane.firing("a", due - 1))
    assert early.emissions == []
    lane.now = due
    effects = lane.handle(lane.firing("a", due))
    assert effects.outcomes == [None]
    assert [event["event"] for event in lane.events(effects)] == ["step_failed"]
    later = due_of(lane.row("a") or b"")
    assert later == due + 100
    lane.now = later
    retried = lane.handle(lane.firing("a", later))
    assert dict(lane.sent(retried)[0].headers)["x-saga-attempt"] == b"2"


def test_a_clock_that_was_set_back_does_not_hold_a_due_timer_up(lane: LaneOfSagas) -> None:
    lane.handle(lane.start("hasty", "a"))
    lane.now = NOW - 3_600_000
    effects = lane.handle(lane.firing("a", NOW + 1_000))
    assert [event["at_ms"] for event in lane.events(effects)] == [NOW + 1_000]


def test_a_reply_ahead_of_its_timer_wins(lane: LaneOfSagas) -> None:
    sent = lane.sent(lane.handle(lane.start("hasty", "a")))[0]
    lane.now = NOW + 5_000
    effects = lane.handle(lane.reply(sent), lane.firing("a", NOW + 1_000))
    assert "step_failed" not in [event["event"] for event in lane.events(effects)]
    saga = lane.saga("a")
    assert saga is not None
    assert saga.status is Status.COMPLETED


def test_a_timer_of_a_saga_that_is_gone_does_nothing(lane: LaneOfSagas) -> None:
    assert lane.handle(lane.firing("gone", NOW)).emissions == []


def test_a_saga_whose_participant_is_not_there_can_not_start_and_others_can(lane: LaneOfSagas) -> None:
    topics = Topics()
    topics.missing.add("sluicegate.echo.requests")
    lame = LaneOfSagas(CATALOGUE, topics)
    (refused,) = lame.handle(lame.start("hasty", "a")).outcomes
    assert isinstance(refused, Failed)
    assert "sluicegate init" in lame.handler.outlets.lacking["hasty", 1]
    topics.missing.clear()
    (refused_still,) = lame.handle(lame.start("hasty", "a")).outcomes
    assert isinstance(refused_still, Failed), "nobody looks at every command"
    lame.handler._look_at = 0.0
    (accepted,) = lame.handle(lame.start("hasty", "a")).outcomes
    assert isinstance(accepted, Completed)


def test_a_worker_without_the_code_parks_the_saga_and_goes_on(lane: LaneOfSagas) -> None:
    sent = lane.sent(lane.handle(lane.start("three-echoes", "a")))[0]
    lane.handler.outlets.catalogue = Catalogue([one for one in CATALOGUE if one.name != "three-echoes"])
    effects = lane.handle(lane.reply(sent), lane.start("hasty", "b"))
    (raised,) = lane.sent(effects, SETTINGS.sagas.attention)
    assert raised.key == b"a"
    assert "three-echoes" in lane.decode(raised.value or b"")["reason"]
    assert isinstance(effects.outcomes[1], Completed)


def test_a_record_that_outgrows_its_topic_parks_the_saga_before_it_enters_a_transaction() -> None:
    topics = Topics()
    topics.limits[SETTINGS.sagas.history] = 2_048 + 400
    lane = LaneOfSagas(CATALOGUE, topics)
    effects = lane.handle(lane.start("three-echoes", "a"))
    for _ in range(5):
        sent = lane.sent(effects)
        if not sent:
            break
        effects = lane.handle(lane.reply(sent[0], Completed({"payload": b"x" * 300})))
    saga = lane.saga("a")
    assert saga is not None
    assert saga.status is Status.NEEDS_ATTENTION
    assert saga.attention is not None
    assert "limit" in saga.attention.reason
    assert all(len(one.value or b"") < 2_048 + 400 for one in effects.emissions)


def test_a_defect_met_by_one_saga_stops_no_other(lane: LaneOfSagas, monkeypatch: pytest.MonkeyPatch) -> None:
    effects = lane.handle(lane.start("three-echoes", "a"), lane.start("hasty", "b"))
    replies = [lane.reply(sent) for sent in lane.sent(effects)]
    react = module.react

    def broken(catalogue, instance, saga_id, *rest):  # type: ignore[no-untyped-def] # as react
        if saga_id == "a":
            raise ZeroDivisionError("a defect")
        return react(catalogue, instance, saga_id, *rest)

    monkeypatch.setattr(module, "react", broken)
    cancel = lane.command(CommandKind.CANCEL, "a")
    effects = lane.handle(*replies, cancel, lane.firing("a", NOW + 60_000))
    assert [one.key for one in lane.sent(effects, SETTINGS.sagas.orphans)] == [b"a"]
    assert {one.key for one in lane.sent(effects, SETTINGS.sagas.attention)} == {b"a"}
    refused = effects.outcomes[2]
    assert isinstance(refused, Failed)
    assert refused.code is Code.PROCESSOR_FAILED
    saga = lane.saga("b")
    assert saga is not None
    assert saga.status is Status.COMPLETED
    assert due_of(lane.row("a") or b"") == NOW + 60_000 + module.QUARANTINE_MS


def test_the_attention_for_what_is_set_aside_is_over_when_the_saga_goes_on(
    lane: LaneOfSagas, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = SETTINGS.sagas.attention
    first = lane.sent(lane.handle(lane.start("three-echoes", "a")))[0]
    due = due_of(lane.row("a") or b"")
    with monkeypatch.context() as patched:
        patched.setattr(module, "react", lambda *_: 1 / 0)
        (asked,) = lane.sent(lane.handle(lane.reply(first)), topic)
    assert lane.decode(asked.value or b"")["saga"] == "three-echoes"
    assert is_aside(lane.row("a") or b"")
    assert due_of(lane.row("a") or b"") == due, "its time-outs fire when they are due"
    effects = lane.handle(lane.reply(first))
    assert [(one.key, one.value) for one in lane.sent(effects, topic)] == [(b"a", None)]
    assert not is_aside(lane.row("a") or b"")
    assert lane.sent(lane.handle(lane.reply(lane.sent(effects)[0])), topic) == []


def test_what_several_timers_came_to_has_the_last_word(lane: LaneOfSagas, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first of them changes the saga, the second parks it: the list has it for that, not for what was aside."""
    lane.handle(lane.start("three-echoes", "a"))
    with monkeypatch.context() as patched:
        patched.setattr(module, "react", lambda *_: 1 / 0)
        lane.handle(lane.firing("a", NOW + 60_000))
    running = lane.saga("a") or pytest.fail("no saga")
    parked = replace(running, status=Status.NEEDS_ATTENTION, attention=(NOW, "one", "its own code raised"))
    made = [(running, Reaction(one, (), encode_instance(one))) for one in (running, parked)]
    effects = Effects([])
    layer = lane.stores.begin(lane.number + 1).partition(lane.binding.requests[0], lane.home("a").number)
    lane.handler._keep_all(layer, b"a", "a", made, effects)
    (said,) = effects.emissions
    assert lane.decode(said.value or b"")["reason"] == "its own code raised"


def test_a_saga_that_is_parked_all_the_same_asks_for_that_again(
    lane: LaneOfSagas, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = SETTINGS.sagas.attention
    lane.handle(lane.start("three-echoes", "a"))
    with monkeypatch.context() as patched:
        patched.setattr(module, "react", lambda *_: 1 / 0)
        lane.handle(lane.firing("a", NOW + 60_000))
    parked = replace(lane.saga("a") or pytest.fail("no saga"), attention=(NOW, "one", "its own code raised"))
    emission = lane.handler._emitting.attention_of("a", parked)
    assert lane.decode(emission.value or b"")["reason"] == "its own code raised"
    assert (emission.topic, emission.key) == (topic, b"a")


def test_a_participants_failure(lane: LaneOfSagas) -> None:
    sent = lane.sent(lane.handle(lane.start("three-echoes", "a")))[0]
    effects = lane.handle(lane.reply(sent, failed(Code.INVALID_ARGUMENT)))
    assert lane.events(effects)[0]["event"] == "step_rejected"
    other = lane.sent(lane.handle(lane.start("three-echoes", "b")))[0]
    effects = lane.handle(lane.reply(other, failed(Code.OUT_OF_MEMORY, retriable=True)))
    assert [event["event"] for event in lane.events(effects)] == ["step_failed"]


def test_rows_of_another_version_of_the_schema_are_read(lane: LaneOfSagas) -> None:
    lane.handle(lane.start("three-echoes", "a"))
    row = lane.row("a") or b""
    assert with_due(row, 7)[8:] == row[8:]
    assert due_of(with_due(row, 7)) == 7
    lane.handler._rows._frame = b"\x00\x00\x00\x00\x63"  # as if ours were another one
    assert lane.handler._rows.unpack(row) == lane.saga("a")


def test_what_is_counted(lane: LaneOfSagas) -> None:
    def counts(effects: Effects) -> dict[tuple[str, ...], int]:
        return {(name.removeprefix("sluicegate_"), *labels): n for (name, *labels), n in effects.counts.items()}

    started = lane.handle(lane.start("three-echoes", "a"), lane.start("three-echoes", "b"), lane.start("odd", "c"))
    begun = {("saga_transitions_total",): 2, ("sagas_started_total", "three-echoes"): 2}
    assert counts(started) == begun
    first, second = (lane.reply(sent) for sent in lane.sent(started))
    assert counts(lane.handle(first, first, second)) == {("saga_transitions_total",): 2}
    cancelled = lane.handle(lane.command(CommandKind.ABORT, "a", actor="ada"))
    assert counts(cancelled) == {("saga_transitions_total",): 1, ("sagas_ended_total", "three-echoes", "ABORTED"): 1}
    retained = due_of(lane.row("a") or b"")
    assert retained is not None
    lane.now = retained
    forgotten = lane.handle(lane.firing("a", retained))
    assert lane.row("a") is None
    assert counts(forgotten) == {("saga_transitions_total",): 1}


def test_a_row_says_whether_its_saga_is_parked(lane: LaneOfSagas) -> None:
    lane.handle(lane.start("three-echoes", "a"))
    saga = lane.saga("a")
    assert saga is not None
    assert not is_parked(lane.row("a") or b"")
    parked = lane.handler._rows.pack(replace(saga, status=Status.NEEDS_ATTENTION), b"")
    assert is_parked(parked)
    assert is_parked(with_due(parked, 7))


def test_a_defect_at_one_of_several_timers_leaves_nothing_half_done(
    lane: LaneOfSagas, monkeypatch: pytest.MonkeyPatch
) -> None:
    lane.handle(lane.start("hasty", "a"))
    before = lane.saga("a")
    assert before is not None
    before = replace(before, timers={**before.timers, "signal/none": before.timers["one/run"]._replace(epoch=99)})
    home = lane.home("a")
    assert home.store is not None
    home.store.restore(encode_key(STORE, b"a"), lane.handler._rows.pack(before, encode_instance(before)))
    react = module.react

    def broken(catalogue, instance, saga_id, given, *rest):  # type: ignore[no-untyped-def] # as react
        if given.name == "signal/none":
            raise ZeroDivisionError("a defect")
        return react(catalogue, instance, saga_id, given, *rest)

    monkeypatch.setattr(module, "react", broken)
    lane.now = NOW + 60_000
    effects = lane.handle(lane.firing("a", NOW + 60_000))
    assert lane.events(effects) == []
    assert lane.saga("a") == before


def test_sagas_need_exactly_once() -> None:
    settings = Settings(lanes={"sagas": LaneSettings(guarantee="at-least-once")})
    with pytest.raises(Misconfigured, match="at-least-once"):
        saga_lane(settings, CATALOGUE)
