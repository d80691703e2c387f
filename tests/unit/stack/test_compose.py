"""docker-compose.kafka.yml is valid, and the same stack as the local one."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from streams.settings import Settings, StackSettings
from streams.stack import compose, kafka, registry
from streams.stack.layout import Layout

FILE = Path(__file__).parents[3] / "docker-compose.kafka.yml"
PLACES = {
    "controller.quorum.voters",
    "listeners",
    "advertised.listeners",
    "listener.security.protocol.map",
    "log.dirs",
    "inter.broker.listener.name",
}


@pytest.fixture
def document() -> dict[str, Any]:
    """The committed file, read."""
    parsed = yaml.safe_load(FILE.read_text())
    assert isinstance(parsed, dict)
    return parsed


def test_the_committed_file_is_what_the_settings_make() -> None:
    assert FILE.read_text() == compose.render(compose.document(Settings())), "run `make compose`"


def test_the_file_reads_back_as_the_document(document: dict[str, Any]) -> None:
    assert document == compose.document(Settings())


def test_kafka_has_the_local_brokers_settings(document: dict[str, Any]) -> None:
    settings = Settings()
    local = kafka.local_properties(settings, Layout.of(settings.stack))
    inside = document["services"]["kafka"]["environment"]
    for name in local.keys() - PLACES:
        assert inside[compose.variable(name)] == local[name], name


def test_the_registry_has_the_local_registrys_settings(document: dict[str, Any]) -> None:
    inside = document["services"]["registry"]["environment"]
    assert registry.storage_environment().items() <= inside.items()


def test_ports_are_the_settings_ports_and_bound_to_this_machine(document: dict[str, Any]) -> None:
    ports = [port for container in document["services"].values() for port in container["ports"]]
    stack = StackSettings()
    assert ports == [f"127.0.0.1:{stack.kafka_port}:9092", f"127.0.0.1:{stack.registry_port}:8080"]
    advertised = document["services"]["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]
    assert f"CLIENT://127.0.0.1:{stack.kafka_port}" in advertised.split(",")


def test_versions_are_those_of_the_pom(document: dict[str, Any]) -> None:
    pom = (Path(kafka.__file__).parent / "pom.xml").read_text()
    images = [container["image"] for container in document["services"].values()]
    names = ("kafka.version", "apicurio.version")
    assert [image.partition(":")[2] for image in images] == [between(pom, name) for name in names]


def test_every_service_is_waited_for_and_every_volume_declared(document: dict[str, Any]) -> None:
    services = document["services"]
    for container in services.values():
        assert container["healthcheck"]["test"][0] == "CMD"
        assert set(container.get("depends_on", {})) <= set(services)
        assert {volume.partition(":")[0] for volume in container.get("volumes", [])} <= set(document["volumes"])
        assert "$" not in str(container), "compose would take it for a variable"


def test_docker_itself_finds_it_valid_where_it_is_installed() -> None:
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]) and subprocess.run([*command, "version"], capture_output=True).returncode == 0:
            checked = subprocess.run([*command, "-f", str(FILE), "config", "--quiet"], capture_output=True, text=True)
            assert checked.returncode == 0, checked.stderr


def between(pom: str, name: str) -> str:
    """The value of a property of the pom."""
    return pom.partition(f"<{name}>")[2].partition("<")[0]
