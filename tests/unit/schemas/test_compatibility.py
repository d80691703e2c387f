"""What the registry must have for a lane, and what is done about it."""

import pytest

from schemas import avsc
from schemas.compatibility import Kind, Status, apply, check, plan, registrations
from schemas.errors import Misconfigured, RegistryUnavailable
from schemas.registry import Stored
from schemas.testing import MemoryRegistry


@pytest.fixture
def registry() -> MemoryRegistry:
    return MemoryRegistry()


def test_each_kind_of_topic_has_its_level() -> None:
    assert {str(kind): str(kind.level) for kind in Kind} == {
        "requests": "BACKWARD",
        "results": "FORWARD",
        "state": "FULL_TRANSITIVE",
    }


def test_a_lane_registers_its_requests_and_its_results() -> None:
    assert [(one.subject, one.schema.name, one.kind) for one in registrations("echo")] == [
        ("sluicegate.echo.requests-value", "sluicegate.echo.EchoRequest", Kind.REQUESTS),
        ("sluicegate.echo.results-value", "sluicegate.echo.EchoResult", Kind.RESULTS),
    ]
    bound = registrations("echo", ["orders", "more-orders"], "answers")
    assert [one.subject for one in bound] == ["orders-value", "more-orders-value", "answers-value"]


def test_a_processor_without_schemas_is_told_where_they_belong() -> None:
    with pytest.raises(Misconfigured, match=r"'nothing' has no request schema; .*digits, echo, embed.*nothing/request"):
        registrations("nothing")


def test_without_a_registry_the_plan_is_everything() -> None:
    assert [step.text for step in plan(None, registrations("echo"))] == [
        "set the compatibility of sluicegate.echo.requests-value to BACKWARD",
        "register sluicegate.echo.EchoRequest under sluicegate.echo.requests-value",
        "set the compatibility of sluicegate.echo.results-value to FORWARD",
        "register sluicegate.echo.EchoResult under sluicegate.echo.results-value",
    ]


@pytest.mark.parametrize("level", [None, "NONE", "FORWARD", "SOMETHING"])
def test_a_level_that_guards_less_is_found_and_set(registry: MemoryRegistry, level: str | None) -> None:
    wanted = registrations("echo")[:1]
    registry.register(wanted[0].subject, wanted[0].schema)
    if level is not None:
        registry.set_compatibility(wanted[0].subject, level)
    (finding,) = check(registry, wanted)
    assert finding.status is Status.UNGUARDED
    assert f"compatibility is {level or 'not set'}" in finding.message
    assert "requests need BACKWARD: run `sluicegate schemas apply`" in finding.message
    assert not finding.ok
    apply(registry, wanted)
    assert registry.compatibility(wanted[0].subject) == "BACKWARD"


@pytest.mark.parametrize("level", ["BACKWARD", "FULL", "BACKWARD_TRANSITIVE", "FULL_TRANSITIVE"])
def test_a_stricter_level_is_left_alone(registry: MemoryRegistry, level: str) -> None:
    wanted = registrations("echo")[:1]
    registry.set_compatibility(wanted[0].subject, level)
    apply(registry, wanted)
    assert registry.compatibility(wanted[0].subject) == level
    assert [finding.ok for finding in check(registry, wanted)] == [True]


def test_another_record_on_the_topic_is_incompatible_in_words(registry: MemoryRegistry) -> None:
    wanted = registrations("echo", ["orders"])[:1]
    registry.register("orders-value", avsc.load("embed", "request"))
    findings = check(registry, wanted)
    assert findings[0].status is Status.INCOMPATIBLE
    assert "sluicegate.embed.EmbedRequest can't be read as sluicegate.echo.EchoRequest" in findings[0].message


def test_a_registry_that_is_down_is_not_a_finding(registry: MemoryRegistry) -> None:
    registry.source.down = True
    with pytest.raises(RegistryUnavailable):
        check(registry, registrations("echo"))


def test_an_earlier_version_that_is_unsafe_is_a_finding(registry: MemoryRegistry) -> None:
    wanted = registrations("echo", ["orders"])[:1]
    registry.source.ids[1] = Stored('{"type": "array", "items": "null"}')
    registry.source.subjects["orders-value"] = [1]
    findings = check(registry, wanted)
    assert findings[0].status is Status.INCOMPATIBLE
    assert "can't be compared: an array of null" in findings[0].message
