"""The schema registry as the local stack runs it: Apicurio, with Confluent's API, its data in Kafka.

Its journal is a Kafka topic that it replays when it starts, so neither it nor its ids depend on a file that kill -9
could tear.
"""

import json
import ssl
from base64 import b64encode
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path

from streams.settings import Settings
from streams.stack import archive, logins, programs, secret_files, secure_registry
from streams.stack.layout import Layout
from streams.stack.ports import HOST
from streams.stack.service import Service, marks

NAME = "registry"
API = "/apis/ccompat/v7"


def storage_environment() -> dict[str, str]:
    """What is the same for the local stack and for the containers."""
    return {
        "APICURIO_STORAGE_KIND": "kafkasql",
        # Apicurio's own default is NONE: any schema may follow any other
        "APICURIO_RULES_GLOBAL_COMPATIBILITY": "BACKWARD",
        # it waits this long for snapshots that there are none of: 5 s of every start by default
        "APICURIO_KAFKASQL_CONSUMER_POLL_TIMEOUT": "100",
        # a snapshot is a file that could be lost; the journal is complete and small
        "APICURIO_KAFKASQL_SNAPSHOT_EVERY_SECONDS": "315360000s",
        "APICURIO_DATASOURCE_JDBC_INITIAL_SIZE": "2",
        "APICURIO_DATASOURCE_JDBC_MIN_SIZE": "2",
    }


def local_environment(settings: Settings, layout: Layout) -> dict[str, str]:
    """The registry's environment on this machine."""
    return {
        **storage_environment(),
        "APICURIO_KAFKASQL_BOOTSTRAP_SERVERS": f"{HOST}:{settings.stack.kafka_port}",
        "QUARKUS_HTTP_HOST": HOST,
        "QUARKUS_HTTP_PORT": str(settings.stack.registry_port),
        "QUARKUS_LOG_CONSOLE_ENABLE": "false",
        "QUARKUS_LOG_FILE_ENABLE": "true",
        "QUARKUS_LOG_FILE_JSON": "false",
        "QUARKUS_LOG_FILE_PATH": f"{layout.logs}/registry.log",
        "QUARKUS_LOG_FILE_ROTATION_MAX_FILE_SIZE": "10M",
        "QUARKUS_LOG_FILE_ROTATION_MAX_BACKUP_INDEX": "3",
        **({"QUARKUS_CONFIG_LOCATIONS": str(secure_registry.settings_file(layout.secrets))} if layout.secure else {}),
    }


def heap(settings: Settings) -> list[str]:
    """How its JVM uses memory and compiles: it starts often and does little."""
    return [f"-Xmx{settings.stack.registry_heap}", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]


def service(settings: Settings, layout: Layout) -> Service:
    """The registry, ready to be started."""
    jar = next((layout.jars / "registry").glob("apicurio-registry-app-*-runner.jar"))
    command = [
        programs.java(),
        *heap(settings),
        *archive.arguments(NAME, layout),
        "-XX:+ExitOnOutOfMemoryError",
        f"-XX:ErrorFile={layout.logs}/registry-crash-%p.log",
        "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
        *marks(NAME, layout.root, settings.stack.registry_port, layout.secure),
        "-jar",
        str(jar),
    ]
    environment = local_environment(settings, layout)
    return Service(NAME, settings.stack.registry_port, tuple(command), environment, layout.logs / "registry.out")


def is_ready(port: int, secrets: Path | None = None, timeout: float = 2.0) -> bool:
    """Whether it answers that it is ready; False also when nobody answers."""
    try:
        return ask(port, "GET", "/health/ready", timeout=timeout, secrets=secrets)[0] == 200
    except (OSError, HTTPException):
        return False


def guard_compatibility(port: int, secrets: Path | None = None) -> None:
    """Have a compatibility rule for all subjects; one that a person chose is left alone."""
    level = json.loads(ask(port, "GET", f"{API}/config", secrets=secrets)[1])["compatibilityLevel"]
    if level == "NONE":
        ask(port, "PUT", f"{API}/config", {"compatibility": "BACKWARD"}, secrets=secrets)


def ask(
    port: int, method: str, path: str, body: object = None, timeout: float = 5.0, secrets: Path | None = None
) -> tuple[int, bytes]:
    """One HTTP exchange with the local registry: status and body; with `secrets`, as its administrator."""
    headers = {"Content-Type": "application/json"}
    connection = HTTPConnection(HOST, port, timeout=timeout)
    if secrets is not None:
        trusted = ssl.create_default_context(cafile=secret_files.authority(secrets))
        connection = HTTPSConnection(HOST, port, timeout=timeout, context=trusted)
        named = f"{logins.ADMIN}:{logins.read(secrets)[logins.ADMIN]}"
        headers["Authorization"] = f"Basic {b64encode(named.encode()).decode()}"
    try:
        content = None if body is None else json.dumps(body)
        connection.request(method, path, content, headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()
