from schemas.compatibility import Kind
from streams.provisioning.plan import Plan, plan_for
from streams.provisioning.topics import Topic
from streams.settings import SagaSettings, Settings, TopicSettings

HOUR = 3_600_000
SIZES = TopicSettings(
    partitions=6, retention_hours=24, max_message_bytes=200_000, dead_letter_max_message_bytes=400_000
)


def plan(**changes: object) -> Plan:
    return plan_for(Settings(topics=SIZES, **changes), ["sagas"])  # type: ignore[arg-type] # of any section


def topics(of: Plan) -> dict[str, Topic]:
    return {topic.name: topic for topic in of.topics}


def test_sagas_have_their_topics_and_no_memory_of_repeats() -> None:
    made = topics(plan())
    assert {name: topic.partitions for name, topic in made.items()} == {
        "sluicegate.sagas.inbox": 6,
        "sluicegate.sagas.outcomes": 6,
        "sluicegate.sagas.state": 6,
        "sluicegate.sagas.history": 6,
        "sluicegate.sagas.orphans": 6,
        "sluicegate.sagas.attention": 6,
        "sluicegate.sagas.definitions": 1,
        "sluicegate.dead-letters": 6,
        "sluicegate.control": 1,
    }


def test_what_is_kept_and_for_how_long() -> None:
    made = topics(plan(sagas=SagaSettings(history_hours=100)))
    history = made["sluicegate.sagas.history"].config
    assert history["retention.ms"] == str(100 * HOUR)
    assert history["cleanup.policy"] == "delete"
    assert history["compression.type"] == "uncompressed"
    for name in ("attention", "definitions", "state"):
        assert made[f"sluicegate.sagas.{name}"].config["cleanup.policy"] == "compact"
    assert made["sluicegate.sagas.orphans"].config["max.message.bytes"] == "400000"
    assert made["sluicegate.sagas.history"].like == ("sluicegate.sagas.inbox",)


def test_a_topic_of_the_users_own_is_never_changed() -> None:
    made = topics(plan(sagas=SagaSettings(history="ours.history")))
    assert made["ours.history"].bound
    assert not made["sluicegate.sagas.orphans"].bound


def test_each_record_has_its_own_subject_and_its_compatibility() -> None:
    found = {one.subject: one.kind for one in plan().registrations}
    prefix = "sluicegate.sagas"
    assert found[f"{prefix}.inbox-{prefix}.SagaCommand"] is Kind.REQUESTS
    assert found[f"{prefix}.inbox-sluicegate.echo.EchoResult"] is Kind.RESULTS
    assert found[f"{prefix}.outcomes-{prefix}.SagaResult"] is Kind.RESULTS
    assert found[f"{prefix}.outcomes-{prefix}.SagaOutcome"] is Kind.RESULTS
    for topic, record in (
        ("history", "HistoryRecord"),
        ("attention", "SagaAttention"),
        ("definitions", "SagaDefinition"),
        ("state", "SagaInstance"),
    ):
        assert found[f"{prefix}.{topic}-{prefix}.{record}"] is Kind.STATE
    assert not any(subject.endswith("-value") for subject in found)


def test_permissions_say_who_writes_where() -> None:
    lines = [line for line in plan().as_json()["acls"] if "sluicegate.sagas.history" in line]
    assert any("sluicegate-orchestrator" in line and "Write" in line for line in lines)
    assert not any("sluicegate-worker" in line for line in lines)
    assert not any("sluicegate-client" in line and "Write" in line for line in lines)
    assert any("--topic sluicegate.echo.requests" in line and "Write" in line for line in plan().as_json()["acls"])
