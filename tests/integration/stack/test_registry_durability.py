"""The registry keeps every acknowledged schema, under the same id, through kill -9 of it and of Kafka."""

import json

import pytest

from streams.stack import registry
from streams.stack.testing import StackForTests
from streams.testing import eventually


def schema(name: str) -> str:
    """A schema that no other has."""
    return json.dumps({"type": "record", "name": name, "fields": [{"name": "one", "type": "string"}]})


def register(port: int, subject: str, text: str) -> int:
    """The id that the registry gives the schema."""
    status, body = registry.ask(port, "POST", f"{registry.API}/subjects/{subject}/versions", {"schema": text})
    assert status == 200, body
    return int(json.loads(body)["id"])


def by_id(port: int, schema_id: int) -> str:
    """The schema behind an id."""
    status, body = registry.ask(port, "GET", f"{registry.API}/schemas/ids/{schema_id}")
    assert status == 200, body
    return str(json.loads(json.loads(body)["schema"])["name"])


@pytest.fixture
def own_stack(tmp_path_factory: pytest.TempPathFactory, stack: StackForTests) -> StackForTests:
    """The session's stack, both services up again whatever the test before did."""
    stack.up()
    return stack


@pytest.mark.parametrize("victim", ["registry", "kafka"])
def test_kill_9_right_after_the_answer_loses_no_schema_and_changes_no_id(own_stack: StackForTests, victim: str) -> None:
    port = own_stack.settings.stack.registry_port
    names = [f"Before{victim}{number}" for number in range(5)]
    ids = {name: register(port, f"{name}-value", schema(name)) for name in names}
    own_stack.kill(victim)
    own_stack.up()
    assert {name: by_id(port, schema_id) for name, schema_id in ids.items()} == {name: name for name in names}
    assert {name: register(port, f"{name}-value", schema(name)) for name in names} == ids
    later = eventually(lambda: register(port, f"After{victim}-value", schema(f"After{victim}")), within=30)
    assert later > max(ids.values())


def test_ids_outlive_a_down_and_up(own_stack: StackForTests) -> None:
    port = own_stack.settings.stack.registry_port
    first = register(port, "DownUp-value", schema("DownUp"))
    own_stack.down()
    own_stack.up()
    assert by_id(port, first) == "DownUp"
    assert register(port, "DownUp-value", schema("DownUp")) == first


def test_an_incompatible_schema_is_refused_because_the_default_is_backward(own_stack: StackForTests) -> None:
    port = own_stack.settings.stack.registry_port
    assert json.loads(registry.ask(port, "GET", f"{registry.API}/config")[1]) == {"compatibilityLevel": "BACKWARD"}
    register(port, "Strict-value", schema("Strict"))
    wrong = json.dumps({"type": "record", "name": "Strict", "fields": [{"name": "two", "type": "int"}]})
    status, _body = registry.ask(port, "POST", f"{registry.API}/subjects/Strict-value/versions", {"schema": wrong})
    assert status == 409
