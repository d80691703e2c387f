from streams.observability.health import LaneState, judge

READY = {"connected": True, "model loaded": True}


def test_a_lane_that_settles_what_it_reads_is_live_and_ready() -> None:
    health = judge(100.0, 60.0, [LaneState("echo", READY), LaneState("digits", READY, oldest_unsettled=41.0)])
    assert (health.live, health.ready, health.reasons) == (True, True, ())
    assert health.unsettled_seconds == 59.0


def test_a_lane_that_settles_nothing_is_not_live_however_busily_it_polls() -> None:
    health = judge(100.0, 60.0, [LaneState("echo", READY), LaneState("digits", READY, oldest_unsettled=39.0)])
    assert (health.live, health.ready) == (False, False)
    assert health.reasons == ("digits: the oldest record is unsettled for 61 s",)


def test_a_lane_whose_processor_finds_hanging_records_one_by_one_is_live_until_it_finds_no_more() -> None:
    searching = LaneState("digits", READY, oldest_unsettled=10.0, found_at=50.0)
    assert judge(100.0, 60.0, [searching]).live
    assert judge(100.0, 60.0, [searching]).unsettled_seconds == 90.0
    assert not judge(111.0, 60.0, [searching]).live


def test_what_was_found_before_the_oldest_record_came_changes_nothing() -> None:
    assert judge(100.0, 60.0, [LaneState("digits", READY, oldest_unsettled=41.0, found_at=1.0)]).live


def test_a_lane_that_is_not_ready_is_live_and_says_what_it_waits_for() -> None:
    health = judge(100.0, 60.0, [LaneState("digits", {"connected": True, "model loaded": False})])
    assert (health.live, health.ready) == (True, False)
    assert health.reasons == ("digits: not yet model loaded",)


def test_a_lane_that_failed_is_not_live_and_says_why() -> None:
    health = judge(100.0, 60.0, [LaneState("digits", READY, failure="the committer ended")])
    assert not health.live
    assert health.reasons == ("digits: the committer ended",)


def test_a_worker_without_a_lane_is_not_ready() -> None:
    assert judge(0.0, 60.0, []).as_json() == {
        "live": True,
        "ready": False,
        "oldest_unsettled_seconds": 0.0,
        "reasons": ["no lane runs yet"],
    }


def test_a_partition_that_waits_to_be_restored_is_told_with_what_to_do() -> None:
    line = "asked[4] waits: its changelog has no partition 4: run `sluicegate init`"
    health = judge(0.0, 60.0, [LaneState("digits", READY, delayed=(line,))])
    assert (health.live, health.ready) == (True, False)
    assert health.reasons == (f"digits: {line}",)


def test_a_stopped_partition_is_told_and_is_no_reason_for_a_restart() -> None:
    health = judge(0.0, 60.0, [LaneState("digits", READY, stopped=2)])
    assert (health.live, health.ready) == (True, True)
    assert health.reasons == ("digits: 2 partitions stopped",)
