"""The same stack as containers: the document behind docker-compose.kafka.yml, made from the local stack's settings."""

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from streams.settings import Settings
from streams.stack import kafka, registry
from streams.stack.ports import HOST

KAFKA_IMAGE = "apache/kafka:4.1.1"
REGISTRY_IMAGE = "apicurio/apicurio-registry:3.0.9"
CLUSTER_ID = "c2x1aWNlZ2F0ZS1sb2NhbA"
INSIDE = "kafka:19092"
"""Where the registry finds Kafka: the network between the containers."""
LOCAL_NAMES = (HOST, "localhost")

ASK_READY = r"GET /health/ready HTTP/1.0\r\n\r\n"
NOTE = """\
# The local stack for those who have Docker: the same Kafka and registry, ports and settings as `sluicegate up`.
# Made by `make compose` from streams/stack; a test compares the two.
#   docker compose -f docker-compose.kafka.yml up --detach --wait
"""


def document(settings: Settings) -> dict[str, Any]:
    """The compose document; data lies in a volume and outlives the containers."""
    return {
        "name": "sluicegate",
        "services": {"kafka": kafka_container(settings), "registry": registry_container(settings)},
        "volumes": {"kafka": {}},
    }


def kafka_container(settings: Settings) -> dict[str, Any]:
    """Kafka: clients of this machine come in through one listener, the registry through another."""
    port = settings.stack.kafka_port
    places = {
        "controller.quorum.voters": "1@127.0.0.1:9093",
        "listeners": "CLIENT://0.0.0.0:9092,INSIDE://0.0.0.0:19092,CONTROLLER://127.0.0.1:9093",
        "advertised.listeners": f"CLIENT://{HOST}:{port},INSIDE://{INSIDE}",
        "listener.security.protocol.map": "CLIENT:PLAINTEXT,INSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": "/var/lib/kafka/data",
    }
    properties = {**kafka.broker_properties(settings), **places, "inter.broker.listener.name": "INSIDE"}
    variables = {variable(name): value for name, value in properties.items()}
    memory = [flag for flag in kafka.heap(settings) if flag.startswith("-Xm")]
    tuning = [flag for flag in kafka.heap(settings) if not flag.startswith("-Xm")]
    return {
        "image": KAFKA_IMAGE,
        "ports": [f"{HOST}:{port}:9092"],
        "environment": {
            **variables,
            "CLUSTER_ID": CLUSTER_ID,
            "KAFKA_HEAP_OPTS": " ".join(memory),
            "KAFKA_JVM_PERFORMANCE_OPTS": " ".join(tuning),
        },
        "volumes": ["kafka:/var/lib/kafka/data"],
        "healthcheck": check(connect(9092)),
        "restart": "unless-stopped",
    }


def registry_container(settings: Settings) -> dict[str, Any]:
    """The registry, started when Kafka is healthy."""
    return {
        "image": REGISTRY_IMAGE,
        "ports": [f"{HOST}:{settings.stack.registry_port}:8080"],
        "environment": {
            **registry.storage_environment(),
            "APICURIO_KAFKASQL_BOOTSTRAP_SERVERS": INSIDE,
            "QUARKUS_HTTP_HOST": "0.0.0.0",  # noqa: S104 inside the container; it is published on 127.0.0.1 alone
            "QUARKUS_HTTP_PORT": "8080",
            "JAVA_OPTS_APPEND": " ".join(registry.heap(settings)),
        },
        "depends_on": {"kafka": {"condition": "service_healthy"}},
        "healthcheck": check(f"{connect(8080)} && printf '{ASK_READY}' >&3 && grep -q '200 OK' <&3"),
        "restart": "unless-stopped",
    }


def connect(port: int) -> str:
    """The bash that opens a connection as file 3, and fails when nobody listens."""
    return f"exec 3<>/dev/tcp/localhost/{port}"


def check(command: str) -> dict[str, Any]:
    """A health check in bash alone, which both images have: it costs no JVM and needs no tool."""
    return {"test": ["CMD", "bash", "-c", command], "interval": "3s", "timeout": "5s", "retries": 30}


def variable(name: str) -> str:
    """The environment variable from which Apache's image makes a property of Kafka's."""
    return "KAFKA_" + name.replace("_", "__").replace("-", "___").replace(".", "_").upper()


def render(value: Mapping[str, Any]) -> str:
    """The document as YAML; every text is quoted, so that no word can be taken for anything else."""
    return NOTE + "".join(f"{line}\n" for line in lines(value, 0))


def lines(value: Mapping[str, Any], depth: int) -> Iterator[str]:
    """A mapping's lines: mappings within are indented, everything else stands on one line as JSON."""
    for key, inner in value.items():
        if isinstance(inner, Mapping) and inner:
            yield f"{'  ' * depth}{key}:"
            yield from lines(inner, depth + 1)
        else:
            yield f"{'  ' * depth}{key}: {json.dumps(inner)}"


def main() -> None:
    """Print the document for the default settings."""
    sys.stdout.write(render(document(Settings.model_construct())))


if __name__ == "__main__":
    main()


def reached_inside(settings: Settings) -> str:
    """The cluster of the settings as one of the containers reaches it."""
    theirs = settings.kafka.bootstrap_servers
    local = [f"{name}:{settings.stack.kafka_port}" for name in LOCAL_NAMES]
    return INSIDE if theirs in local else theirs
