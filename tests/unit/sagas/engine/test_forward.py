"""Going on: what is sent when, and what the data becomes."""

from sagas.flow import for_each, parallel, pivot, seq, when
from sagas.instance import Status
from sagas.policy import Join, Kind, Timeout
from tests.saga_definitions import add_item_step, add_step, new_saga
from tests.saga_driver import START_MS, Driver


def three_steps() -> Driver:
    saga = new_saga()
    saga.flow = seq(*(add_step(saga, name) for name in "abc"))
    return Driver(saga)


def test_steps_of_a_sequence_follow_each_other() -> None:
    driver = three_steps().start()
    assert driver.commands() == ["a"]
    assert driver.done("a").commands() == ["b"]
    assert driver.done("b").commands() == ["c"]
    assert driver.done("c").commands() == []
    assert driver.status is Status.COMPLETED


def test_replies_change_the_data() -> None:
    driver = three_steps().start().reply("a", payload=b"1").reply("b", payload=b"2")
    assert driver.data().log == ("a=1", "b=2")


def test_an_end_is_told_once_with_the_data() -> None:
    driver = three_steps().start().done("a", "b", "c")
    (ended,) = driver.ended
    assert (ended.status, ended.started_ms, ended.run) == (Status.COMPLETED, START_MS, START_MS)
    assert ended.data == driver.saga.data


def test_a_command_names_its_key_its_attempt_and_its_deadline() -> None:
    send = three_steps().start().last("a")
    assert send.record == {"payload": b"a", "request_id": send.request_id}
    assert send.key == send.request_id.encode()
    assert (send.topic, send.type_name) == ("sluicegate.echo.requests", "sluicegate.echo.EchoRequest")
    assert (send.attempt, send.deadline_ms) == (1, START_MS + 2_000)


def test_an_answer_is_awaited_for_the_queue_and_the_run() -> None:
    driver = three_steps().start()
    assert driver.saga.timers["a/run"].due_ms == START_MS + 3_000


def test_without_a_time_out_there_is_no_timer() -> None:
    saga = new_saga()
    saga.flow = seq(add_step(saga, "a", timeout=Timeout.none()))
    driver = Driver(saga).start()
    assert driver.saga.timers == {}
    assert driver.last("a").deadline_ms is None


def test_a_step_may_name_its_kafka_key_and_topic() -> None:
    saga = new_saga()
    saga.flow = seq(add_step(saga, "a", key=lambda order: f"tenant of {order.order}", to="elsewhere"))
    driver = Driver(saga).start()
    assert (driver.last("a").key, driver.last("a").topic) == (b"tenant of one", "elsewhere")


def test_all_members_of_a_group_are_sent_at_once_and_awaited() -> None:
    saga = new_saga()
    saga.flow = seq(parallel(add_step(saga, "a"), add_step(saga, "b")), add_step(saga, "c"))
    driver = Driver(saga).start()
    assert driver.commands() == ["a", "b"]
    assert driver.done("b").commands() == []
    assert driver.done("a").commands() == ["c"]


def any_of_two() -> Driver:
    saga = new_saga()
    group = parallel(add_step(saga, "a", Kind.READ_ONLY), add_step(saga, "b"), join=Join.ANY)
    saga.flow = seq(group, add_step(saga, "c"), pivot(add_step(saga, "d", Kind.PIVOT)))
    return Driver(saga)


def test_the_first_of_any_lets_the_flow_go_on() -> None:
    assert any_of_two().start().done("b").commands() == ["c"]


def test_the_pivot_awaits_those_of_any_that_were_not_first() -> None:
    driver = any_of_two().start().done("b", "c")
    assert driver.commands() == []
    assert driver.done("a").commands() == ["d"]


def test_one_of_any_may_be_rejected() -> None:
    driver = any_of_two().start().reply("b", code="NO")
    assert driver.status is Status.RUNNING
    assert driver.done("a").commands() == ["c"]


def test_one_of_any_without_effect_may_be_in_doubt() -> None:
    driver = any_of_two().start().done("b").fire("a/run").fire("a/retry").fire("a/run").fire("a/retry").fire("a/run")
    assert driver.statuses()["a"] == "IN_DOUBT"
    assert driver.status is Status.RUNNING
    assert driver.done("c").commands() == ["d"]


def test_one_of_any_in_doubt_that_may_have_had_an_effect_fails_the_saga() -> None:
    driver = any_of_two().start().done("a")
    for timer in ("b/run", "b/retry", "b/run", "b/retry", "b/run"):
        driver.fire(timer)
    assert driver.status is Status.COMPENSATING
    assert "b is in doubt" in driver.saga.reason


def test_none_of_any_fails_the_saga() -> None:
    driver = any_of_two().start().reply("a", code="NO").reply("b", code="NO")
    assert driver.status is Status.COMPENSATED


def branch() -> Driver:
    saga = new_saga()
    choice = when(lambda order: order.big, add_step(saga, "a"), add_step(saga, "b"), name="is-big")
    saga.flow = seq(choice, add_step(saga, "c"))
    return Driver(saga)


def test_a_branch_is_chosen_and_recorded_once() -> None:
    driver = branch().start(b'{"order": "one", "big": true}')
    assert driver.commands() == ["a"]
    assert driver.saga.choices == {"is-big": True}
    assert driver.done("a").commands() == ["c"]
    assert [event.kind for event in driver.history].count("branch_chosen") == 1


def test_the_other_branch_is_taken_or_nothing() -> None:
    assert branch().start().commands() == ["b"]
    saga = new_saga()
    saga.flow = seq(when(lambda order: order.big, add_step(saga, "a"), name="is-big"), add_step(saga, "b"))
    assert Driver(saga).start().commands() == ["b"]


def loop(max_in_flight: int = 2, collect: str | None = None, **step: object) -> Driver:
    saga = new_saga()
    each = for_each(
        lambda order: order.items,
        add_item_step(saga, "each", **step),
        max_items=4,
        max_in_flight=max_in_flight,
        collect=collect,
    )
    saga.flow = seq(each, add_step(saga, "last"))
    return Driver(saga)


FOUR = b'{"order": "one", "items": ["p", "q", "r", "s"]}'


def test_a_loop_sends_at_most_so_many_at_once() -> None:
    driver = loop().start(FOUR)
    assert driver.commands() == ["each[0]", "each[1]"]
    assert driver.done("each[1]").commands() == ["each[2]"]
    assert driver.done("each[0]", "each[2]").commands() == []
    assert driver.done("each[3]").commands() == ["last"]
    assert driver.last("each[2]").record["payload"] == b"r"


def test_a_loop_over_nothing_is_done() -> None:
    assert loop().start().commands() == ["last"]


def test_done_items_of_a_loop_take_no_room() -> None:
    driver = loop().start(FOUR).done("each[1]")
    assert "each[1]" in driver.saga.steps
    driver.done("each[0]")
    assert driver.saga.groups["each"].settled == 2
    assert set(driver.saga.steps) == {"each[2]", "each[3]"}


def test_a_loop_collects_its_replies_in_order() -> None:
    driver = loop(4, collect="results", logs=False).start(FOUR)
    for index in (2, 0, 3, 1):
        driver.reply(f"each[{index}]", payload=str(index).encode())
    assert [sorted(result) for result in driver.data().results] == [["payload"]] * 4
    assert driver.commands() == ["last"]
    assert [event.kind for event in driver.history].count("results_collected") == 1


def test_more_items_than_the_bound_compensate() -> None:
    saga = new_saga()
    each = for_each(lambda order: order.items, add_item_step(saga, "each"), max_items=3)
    saga.flow = seq(add_step(saga, "first"), each)
    driver = Driver(saga).start(FOUR).done("first")
    assert driver.commands() == ["-first"]
    assert "4 items; its bound is 3" in driver.saga.reason


def test_more_items_than_the_bound_after_the_pivot_park() -> None:
    saga = new_saga()
    each = for_each(lambda order: order.items, add_item_step(saga, "each", Kind.RETRIABLE), max_items=3)
    saga.flow = seq(pivot(add_step(saga, "first", Kind.PIVOT)), each)
    driver = Driver(saga).start(FOUR).done("first")
    assert driver.status is Status.NEEDS_ATTENTION
    assert driver.saga.attention is not None
    assert "its bound is 3" in driver.saga.attention.reason
