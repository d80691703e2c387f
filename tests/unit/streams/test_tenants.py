"""Tenants: names that can't overlap, topics of their own, and answers that never go to another one."""

import pytest
from pydantic import ValidationError

from schemas.errors import Misconfigured
from streams.app import run
from streams.binding import bind
from streams.client.reply_topic import prefix_of
from streams.fitting import reserved
from streams.provisioning.permissions import CLIENT, OPERATOR, WORKER, Permission
from streams.provisioning.plan import Plan, plan_for
from streams.settings import LaneSettings, Settings
from streams.slots import Slot

SETTINGS = Settings(lanes={"echo": LaneSettings(tenants=("north", "south")), "embed": LaneSettings()})
NORTHS = Settings(tenant="north")
THEIRS = ("sluicegate.echo.requests", "north.echo.requests", "south.echo.requests")


def test_a_lane_reads_every_tenants_requests_beside_its_own() -> None:
    binding = bind(SETTINGS, "echo")
    assert binding.requests == THEIRS
    assert [binding.results_of(topic) for topic in THEIRS] == [
        "sluicegate.echo.results",
        "north.echo.results",
        "south.echo.results",
    ]
    assert [binding.dead_letters_of(topic) for topic in THEIRS] == [
        "sluicegate.dead-letters",
        "north.dead-letters",
        "south.dead-letters",
    ]
    assert bind(SETTINGS, "embed").requests == ("sluicegate.embed.requests",)


def test_a_tenants_client_sees_its_own_topics_by_the_same_names_of_lanes() -> None:
    binding = bind(NORTHS, "echo")
    assert (binding.requests, binding.results) == (("north.echo.requests",), "north.echo.results")
    assert binding.dead_letters == NORTHS.letters == "north.dead-letters"
    assert prefix_of(NORTHS) == "north.replies."
    assert prefix_of(SETTINGS) == "sluicegate.replies."


@pytest.mark.parametrize("name", ["a.b", "", "North", "sluicegate", "admin", "-x", "a" * 64, "a b"])
def test_a_name_that_would_not_keep_tenants_apart_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="can't be a tenant"):
        LaneSettings(tenants=(name,))


@pytest.mark.parametrize(
    ("asked", "reply_to"),
    [
        ("north.echo.requests", "south.replies.x"),
        ("north.echo.requests", "south.echo.results"),
        ("north.echo.requests", "sluicegate.echo.results"),
        ("north.echo.requests", "sluicegate.sagas.inbox"),
        ("north.echo.requests", "north-east.replies.x"),
        ("sluicegate.echo.requests", "north.replies.x"),
    ],
)
def test_no_answer_goes_where_who_asked_may_not_read(asked: str, reply_to: str) -> None:
    """What the worker may write is more than what its clients may: it does nothing for them that they could not."""
    assert "may go there" in (reserved(bind(SETTINGS, "echo"), reply_to, asked) or "")


def test_a_lane_without_tenants_answers_on_no_tenants_topic_either() -> None:
    assert "may go there" in (reserved(bind(SETTINGS, "embed"), "north.replies.x", "sluicegate.embed.requests") or "")


@pytest.mark.parametrize(
    ("asked", "reply_to"),
    [("north.echo.requests", "north.replies.x"), ("sluicegate.echo.requests", "sluicegate.replies.x")],
)
def test_an_answer_goes_where_who_asked_reads(asked: str, reply_to: str) -> None:
    assert reserved(bind(SETTINGS, "echo"), reply_to, asked) is None


def test_the_dead_letters_of_a_tenant_take_no_answers() -> None:
    assert "something else" in (reserved(bind(SETTINGS, "echo"), "north.dead-letters", "north.echo.requests") or "")


def plan() -> Plan:
    return plan_for(SETTINGS, ["echo", "embed"])


def test_every_tenant_has_topics_and_schemas() -> None:
    assert {topic.name for topic in plan().topics} >= {
        "north.echo.requests",
        "north.echo.results",
        "north.dead-letters",
        "south.echo.requests",
    }
    subjects = {one.subject for one in plan().registrations}
    assert {"north.echo.requests-value", "north.echo.results-value", "south.echo.results-value"} <= subjects
    likeness = {topic.name: topic.like for topic in plan().topics}
    assert likeness["north.echo.results"] == ("north.echo.requests",)


def test_a_tenant_may_nothing_that_is_not_its_own() -> None:
    norths = [one for one in plan().permissions if one.role == "north"]
    assert {one.resource for one in norths} == {"topic", "group", "transactional-id"}
    assert all(one.name.startswith("north.") for one in norths)
    assert not [
        one for one in norths if one.resource == "topic" and one.pattern == "prefixed" and "Write" in one.operations
    ]


def test_clients_that_are_no_tenants_may_nothing_of_a_tenants() -> None:
    granted = [one for one in plan().permissions if one.role == CLIENT]
    assert not [one for one in granted if one.name.startswith(("north.", "south."))]


def test_worker_and_operator_may_what_tenants_need_of_them() -> None:
    granted = plan().permissions
    for one in (
        Permission(WORKER, "topic", "north.echo.requests", ("Read", "Describe")),
        Permission(WORKER, "topic", "north.echo.results", ("Read", "Write", "Describe", "DescribeConfigs")),
        Permission(WORKER, "topic", "north.replies.", ("Write", "Describe", "DescribeConfigs"), "prefixed"),
        Permission(OPERATOR, "topic", "north.dead-letters", ("Read", "Write", "Describe")),
        Permission(OPERATOR, "transactional-id", "sluicegate-dead-letters", ("Write", "Describe")),
    ):
        assert one in granted


def test_tenants_of_a_lane_that_keeps_state_are_refused() -> None:
    shared = Settings(lanes={"ledger": LaneSettings(tenants=("north",))})
    with pytest.raises(Misconfigured, match="lane ledger keeps state, which tenants would share"):
        plan_for(shared, ["ledger"])
    with pytest.raises(Misconfigured, match="lane ledger keeps state, which tenants would share"):
        run(shared, ["ledger"], Slot(0, "test"), leave=False)


def test_a_tenants_settings_run_no_lane_and_make_no_topics() -> None:
    with pytest.raises(Misconfigured, match="settings of a client of 'north'"):
        plan_for(NORTHS, ["echo"])
    with pytest.raises(Misconfigured, match="settings of a client of 'north'"):
        run(NORTHS, ["echo"], Slot(0, "test"), leave=False)
