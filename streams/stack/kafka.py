"""Kafka as the local stack runs it: one KRaft node, for one machine with few cores."""

import subprocess
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType

from streams.mistake import UserMistake
from streams.private_files import write_private
from streams.settings import Settings
from streams.stack import archive, logins, programs, secure_kafka
from streams.stack.layout import Layout
from streams.stack.ports import HOST
from streams.stack.service import Service, marks

NAME = "kafka"


def broker_properties(settings: Settings) -> dict[str, str]:
    """The broker's settings that are not about where it is: the same for the local stack and for the containers."""
    largest = max(settings.topics.max_message_bytes, settings.topics.dead_letter_max_message_bytes)
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "CLIENT",
        # one node: nothing can be replicated
        "offsets.topic.replication.factor": "1",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        # few partitions of the internal topics: they load, and open transactions recover, faster
        "offsets.topic.num.partitions": "8",
        "transaction.state.log.num.partitions": "8",
        "share.coordinator.state.topic.num.partitions": "8",
        # a misspelt name is an error, not a new topic
        "auto.create.topics.enable": "false",
        # a group starts at once, and tests may have members that are missed soon
        "group.initial.rebalance.delay.ms": "0",
        "group.min.session.timeout.ms": "500",
        "group.consumer.min.session.timeout.ms": "500",
        "group.consumer.min.heartbeat.interval.ms": "100",
        "group.consumer.session.timeout.ms": "6000",
        "group.consumer.heartbeat.interval.ms": "1000",
        # the transaction of a worker that never comes back is aborted a second after its time, not ten
        "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
        "transaction.max.timeout.ms": "900000",
        # positions outlive every record that they could point to, also when the stack rests for weeks
        "offsets.retention.minutes": "43200",
        # the registry makes its journal with these defaults and must never lose a record of it;
        # every topic of Sluicegate states its own retention
        "log.retention.ms": "-1",
        "log.segment.bytes": "134217728",
        "log.cleaner.dedupe.buffer.size": "33554432",
        "message.max.bytes": str(largest),
        "replica.fetch.max.bytes": str(largest),
        "num.network.threads": "2",
        "num.io.threads": "4",
        "background.threads": "4",
    }


def local_properties(settings: Settings, layout: Layout) -> dict[str, str]:
    """All of the broker's settings on this machine."""
    client = f"CLIENT://{HOST}:{settings.stack.kafka_port}"
    controller = f"{HOST}:{settings.stack.controller_port}"
    return {
        **broker_properties(settings),
        "controller.quorum.voters": f"1@{controller}",
        "listeners": f"{client},CONTROLLER://{controller}",
        "advertised.listeners": client,
        "listener.security.protocol.map": "CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": str(layout.kafka_data),
        **(secure_kafka.properties(layout.secrets, logins.read(layout.secrets)) if layout.secure else {}),
    }


def heap(settings: Settings) -> list[str]:
    """How the broker's JVM uses memory: the same for the local stack and for the containers."""
    size = settings.stack.kafka_heap
    return [f"-Xms{size}", f"-Xmx{size}", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20", "-XX:+ExitOnOutOfMemoryError"]


def classpath(layout: Layout) -> str:
    """Every jar of Kafka's; Java itself expands the asterisk."""
    return str(layout.jars / "kafka" / "*")


def configuration(name: str) -> str:
    """The argument that points Log4j at one of our files."""
    return f"-Dlog4j2.configurationFile={files('streams.stack') / name}"


def service(settings: Settings, layout: Layout) -> Service:
    """Kafka, ready to be started."""
    command = [
        programs.java(),
        *heap(settings),
        *archive.arguments(NAME, layout),
        "-Djava.awt.headless=true",
        f"-XX:ErrorFile={layout.logs}/kafka-crash-%p.log",
        configuration("log4j2.properties"),
        f"-Dsluicegate.log={layout.logs}/kafka.log",
        *marks(NAME, layout.root, settings.stack.kafka_port, layout.secure),
        "-cp",
        classpath(layout),
        "kafka.Kafka",
        str(properties_file(layout)),
    ]
    return Service(NAME, settings.stack.kafka_port, tuple(command), {}, layout.logs / "kafka.out")


def properties_file(layout: Layout) -> Path:
    """The broker's settings as it reads them; written anew at each start."""
    return layout.root / "kafka.properties"


def prepare(settings: Settings, layout: Layout, more: Mapping[str, str] = MappingProxyType({})) -> None:
    """Write the settings, `more` over them, and format a data directory that is new: blocks for a second or two."""
    lines = [f"{name}={value}\n" for name, value in {**local_properties(settings, layout), **more}.items()]
    write_private(properties_file(layout), "".join(lines))
    if (layout.kafka_data / "meta.properties").is_file():
        return
    command = [programs.java(), "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", configuration("tools-log4j2.properties")]
    command += ["-cp", classpath(layout), "kafka.tools.StorageTool", "format", "--ignore-formatted"]
    command += ["-t", cluster_id(), "-c", str(properties_file(layout))]
    with first_users(layout) as users:
        done = subprocess.run([*command, *users], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise UserMistake(f"Kafka's data directory {layout.kafka_data} can't be formatted: {' '.join(said[-2:])}")


@contextmanager
def first_users(layout: Layout) -> Iterator[list[str]]:
    """Arguments that make the users a secured Kafka begins with."""
    if not layout.secure:
        yield []
        return
    with secure_kafka.first_users(layout.secrets, logins.read(layout.secrets)) as argument:
        yield [argument]


def cluster_id(drawn: Callable[[], uuid.UUID] = uuid.uuid4) -> str:
    """A new id, as Kafka writes them: a UUID in base 64, without padding.

    None that begins with a dash, which Kafka's own tools take for an option.
    """
    while True:
        name = urlsafe_b64encode(drawn().bytes).decode().rstrip("=")
        if not name.startswith("-"):
            return name
