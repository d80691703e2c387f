import pytest

from schemas.errors import Misconfigured
from streams.provisioning.plan import Plan, plan_for
from streams.provisioning.topics import Topic
from streams.settings import LaneSettings, RepeatSettings, Settings, TopicSettings

HOUR = 3_600_000


def topics(plan: Plan) -> dict[str, Topic]:
    return {topic.name: topic for topic in plan.topics}


def lanes(**of: LaneSettings) -> Settings:
    return Settings(lanes=of)


def test_a_lane_has_requests_results_repeats_and_shares_dead_letters_and_control() -> None:
    plan = plan_for(Settings(topics=TopicSettings(partitions=6)), ["echo", "digits"])
    assert {name: topic.partitions for name, topic in topics(plan).items()} == {
        "sluicegate.echo.requests": 6,
        "sluicegate.echo.results": 6,
        "sluicegate.echo.repeats": 6,
        "sluicegate.digits.requests": 6,
        "sluicegate.digits.results": 6,
        "sluicegate.digits.repeats": 6,
        "sluicegate.dead-letters": 6,
        "sluicegate.control": 1,
    }


def test_sizes_and_retention_are_said_and_requests_are_not_compressed_by_the_broker() -> None:
    sizes = TopicSettings(retention_hours=48, max_message_bytes=100_000, dead_letter_max_message_bytes=200_000)
    made = topics(plan_for(Settings(topics=sizes), ["echo"]))
    assert made["sluicegate.echo.requests"].config == {
        "cleanup.policy": "delete",
        "retention.ms": str(48 * HOUR),
        "segment.ms": str(12 * HOUR),
        "max.message.bytes": "100000",
        "compression.type": "uncompressed",
        "min.insync.replicas": "1",
    }
    assert made["sluicegate.echo.results"].config["compression.type"] == "producer"
    assert made["sluicegate.dead-letters"].config["max.message.bytes"] == "200000"
    assert made["sluicegate.control"].config["cleanup.policy"] == "compact"


def test_compression_of_requests_is_a_setting_for_trusted_producers() -> None:
    made = topics(plan_for(Settings(topics=TopicSettings(request_compression="producer")), ["echo"]))
    assert made["sluicegate.echo.requests"].config["compression.type"] == "producer"


def test_repeats_are_kept_as_long_as_they_count_and_a_record_has_room_for_its_answer() -> None:
    settings = lanes(echo=LaneSettings(repeats=RepeatSettings(retention_seconds=600)))
    repeats = topics(plan_for(settings, ["echo"]))["sluicegate.echo.repeats"]
    assert repeats.config["cleanup.policy"] == "delete"
    assert repeats.config["retention.ms"] == "600000"
    assert repeats.config["segment.ms"] == "150000"
    assert int(repeats.config["max.message.bytes"]) > settings.topics.max_message_bytes
    assert repeats.like == ("sluicegate.echo.requests",)


@pytest.mark.parametrize("off", [RepeatSettings(entries=0), RepeatSettings(retention_seconds=0)])
def test_a_lane_that_remembers_nothing_has_no_repeats_topic(off: RepeatSettings) -> None:
    assert "sluicegate.echo.repeats" not in topics(plan_for(lanes(echo=LaneSettings(repeats=off)), ["echo"]))


def test_a_stateful_lane_has_a_compacted_state_topic() -> None:
    state = topics(plan_for(Settings(), ["echo"], frozenset({"echo"})))["sluicegate.echo.state"]
    assert state.config["cleanup.policy"] == "compact"
    assert state.like == ("sluicegate.echo.requests",)
    assert "sluicegate.echo.state" not in topics(plan_for(Settings(), ["echo"]))


def test_the_participants_of_sagas_need_what_the_catalogue_says() -> None:
    plan = plan_for(Settings(), ["ledger", "index"])
    assert [name for name in topics(plan) if name.startswith(("sluicegate.ledger", "sluicegate.index"))] == [
        "sluicegate.ledger.requests",
        "sluicegate.ledger.results",
        "sluicegate.ledger.state",
        "sluicegate.index.requests",
        "sluicegate.index.results",
    ]
    assert {one.schema.name for one in plan.registrations} == {
        "sluicegate.ledger.LedgerRequest",
        "sluicegate.ledger.LedgerResult",
        "sluicegate.index.IndexRequest",
        "sluicegate.index.IndexResult",
    }


def test_replicas_need_all_but_one() -> None:
    made = topics(plan_for(Settings(topics=TopicSettings(replication=3)), ["echo"]))
    assert made["sluicegate.echo.requests"].replication == 3
    assert made["sluicegate.echo.requests"].config["min.insync.replicas"] == "2"


def test_a_users_own_topics_are_marked_so() -> None:
    settings = Settings(
        lanes={"echo": LaneSettings(requests=("orders", "returns"), results="scores", group="scoring")},
        dead_letters="graveyard",
    )
    plan = plan_for(settings, ["echo"])
    assert {topic.name for topic in plan.topics if topic.bound} == {"orders", "returns", "scores", "graveyard"}
    assert topics(plan)["scoring.repeats"].like == ("orders", "returns")
    assert {one.subject for one in plan.registrations} == {"orders-value", "returns-value", "scores-value"}


def test_acls_name_every_resource_of_each_role() -> None:
    lines = plan_for(Settings(), ["echo"]).as_json()["acls"]
    worker = [line for line in lines if "User:sluicegate-worker" in line]
    assert any("--operation Read --operation Describe --topic sluicegate.echo.requests " in line for line in worker)
    assert any("--transactional-id sluicegate.echo- --resource-pattern-type prefixed" in line for line in worker)
    assert any("--group sluicegate.echo " in line for line in worker)
    assert not any("--operation Write" in line and "echo.requests" in line for line in worker)
    client = [line for line in lines if "User:sluicegate-client" in line]
    assert any("--operation Write" in line and "sluicegate.echo.requests" in line for line in client)
    assert len(set(lines)) == len(lines)


def test_schemas_follow_who_is_upgraded_first() -> None:
    plan = plan_for(Settings(), ["echo"])
    assert plan.schema_lines() == [
        "set the compatibility of sluicegate.echo.requests-value to BACKWARD",
        "register sluicegate.echo.EchoRequest under sluicegate.echo.requests-value",
        "set the compatibility of sluicegate.echo.results-value to FORWARD",
        "register sluicegate.echo.EchoResult under sluicegate.echo.results-value",
    ]


@pytest.mark.parametrize(
    ("lane", "message"),
    [
        (LaneSettings(requests=("no topic",)), "lane echo: 'no topic' is no legal topic name"),
        (LaneSettings(group="a/b"), "lane echo: 'a/b.repeats' is no legal topic name"),
        (LaneSettings(results="sluicegate.echo.requests"), "lane echo would read what it writes"),
        (LaneSettings(requests=("sluicegate.dead-letters",)), "lane echo would read what it writes"),
        (LaneSettings(group="sluicegate.digits"), "lanes digits and echo have one group"),
    ],
)
def test_names_that_cannot_work_are_refused(lane: LaneSettings, message: str) -> None:
    with pytest.raises(Misconfigured, match=message):
        plan_for(lanes(echo=lane), ["digits", "echo"])
