"""A secured stack for tests, with everything that its roles need to show what they may and may not."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

from streams.client.connection import admin, consumer, producer
from streams.client.reading import TopicReader
from streams.settings import LaneSettings, Settings, override
from streams.stack import lifecycle
from streams.stack.layout import Layout
from streams.stack.logins import read
from streams.stack.testing import StackForTests
from streams.testing import NeverCame, eventually

SLUICEGATE = str(Path(sys.executable).with_name("sluicegate"))
TENANTS = ("north", "south")
SECONDS = 10.0
PATIENCE = 10.0
"""How soon whoever is not let in must know it, from when the program has started."""


class SecuredSite:
    """A secured stack with two tenants of the lane `echo`; `up` makes it and its topics."""

    def __init__(self, folder: Path, jars: Path) -> None:
        self.stack = StackForTests.on_free_ports(folder, jars)
        plain = self.stack.settings
        self.settings = override(
            plain,
            {
                "stack": plain.stack.model_copy(update={"secure": True}),
                "lanes": {"echo": LaneSettings(tenants=TENANTS)},
                "topics": plain.topics.model_copy(update={"partitions": 1}),
            },
        )
        self.layout = Layout.of(self.settings.stack)
        self._workers: list[psutil.Popen] = []

    def up(self) -> None:
        """Starts it; blocks until it is ready."""
        lifecycle.up(self.settings)

    def discard(self) -> None:
        """Ends the workers, and deletes everything."""
        for worker in self._workers:
            worker.kill()
            worker.wait()
        self.stack.discard()

    def file(self, role: str) -> Path:
        """The settings file of a role."""
        return self.layout.secrets / f"{role}.toml"

    def role(self, role: str) -> Settings:
        """A role's settings, as a process that was told of its file reads them."""
        before = os.environ["SLUICEGATE_SETTINGS"]
        os.environ["SLUICEGATE_SETTINGS"] = str(self.file(role))
        try:
            return Settings()
        finally:
            os.environ["SLUICEGATE_SETTINGS"] = before

    def passwords(self) -> dict[str, str]:
        """Everybody's."""
        return read(self.layout.secrets)

    def altered(self, role: str, old: str, new: str) -> Path:
        """A role's file with something else in it."""
        path = self.layout.root / f"{role}-altered.toml"
        text = self.file(role).read_text()
        assert old in text
        path.write_text(text.replace(old, new))
        return path

    def run(self, file: Path, *words: str, seconds: float = 60.0) -> subprocess.CompletedProcess[str]:
        """Runs `sluicegate` with a settings file."""
        environment = {**os.environ, "SLUICEGATE_SETTINGS": str(file)}
        command = [SLUICEGATE, *words]
        return subprocess.run(
            command,
            env=environment,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def told(self, file: Path, words: list[str], needle: str, seconds: float) -> tuple[float | None, str, int]:
        """After how long a command said this (None: too late), all that it said, and its exit code."""
        environment = {**os.environ, "SLUICEGATE_SETTINGS": str(file)}
        began, log = time.monotonic(), self.layout.root / f"told-{uuid4().hex}.txt"
        with log.open("wb") as output:
            running = subprocess.Popen(
                [SLUICEGATE, *words], env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        try:
            eventually(lambda: needle in log.read_text(), within=seconds)
            took = time.monotonic() - began
        except NeverCame:
            took = None
        return took, log.read_text(), running.wait(60)

    def worker(self, log: Path) -> psutil.Popen:
        """A worker of the lane `echo`; it may not be ready yet."""
        environment = {**os.environ, "SLUICEGATE_SETTINGS": str(self.file("worker"))}
        with log.open("wb") as output:
            command = [SLUICEGATE, "worker", "--only", "echo", "--slot", "0"]
            self._workers.append(psutil.Popen(command, env=environment, stdout=output, stderr=output))
        return self._workers[-1]

    def produce(self, role: str, topic: str, **more: Any) -> str:
        """Writes one record: `ok`, or the name of what the cluster said."""
        told: list[KafkaError | None] = []
        properties = self.role(role).kafka.client(**{"log_level": 0, "message.timeout.ms": 5_000, **more})
        producer = Producer(properties)
        producer.produce(topic, b"x", on_delivery=lambda error, _message: told.append(error))
        producer.flush(SECONDS)
        (error,) = told
        return "ok" if error is None else error.name()

    def consume(self, role: str, topic: str) -> str:
        """Reads one record, or up to the end: `ok`, or the name of what the cluster said."""
        reader = consumer(self.role(role), "test", **{"enable.partition.eof": True})
        try:
            hidden = reader.list_topics(topic, timeout=SECONDS).topics[topic].error
            if hidden is not None:
                return hidden.name()
            reader.assign([TopicPartition(topic, 0, 0)])
            error = eventually(lambda: reader.poll(0.1), within=SECONDS).error()
            return "ok" if error is None or error.code() == KafkaError._PARTITION_EOF else error.name()
        finally:
            reader.close()

    def begin(self, role: str, identity: str) -> str:
        """Takes a transactional id: `ok`, or the name of what the cluster said."""
        producer = Producer(self.role(role).kafka.client(**{"transactional.id": identity, "log_level": 0}))
        try:
            producer.init_transactions(SECONDS)
        except KafkaException as error:
            return error.args[0].name()
        return "ok"

    def join(self, role: str, group: str, topic: str) -> str:
        """Joins a consumer group: `ok`, or the name of what the cluster said."""
        member = Consumer(self.role(role).kafka.client(**{"group.id": group, "log_level": 0}))
        assigned: list[bool] = []
        try:
            member.subscribe([topic], on_assign=lambda *_: assigned.append(True))
            message = eventually(lambda: member.poll(0.1) or (assigned and "ok"), within=SECONDS)
            return message if isinstance(message, str) else message.error().name() if message.error() else "ok"
        finally:
            member.close()

    def topics(self, role: str) -> set[str]:
        """The topics that a role can see at all."""
        return set(admin(self.role(role)).metadata(SECONDS).topics)

    def with_wrong_password(self, role: str) -> Path:
        """The role's settings, its password on Kafka mistyped."""
        word = self.role(role).kafka.properties["sasl.password"]
        return self.altered(role, f'"sasl.password" = "{word}"', '"sasl.password" = "no-such-password"')

    def answers(self, tenant: str, request_id: str) -> list[bytes]:
        """What was answered to a request on the tenant's own results."""
        reader = TopicReader(self.role(tenant))
        found = reader.read(reader.spans(reader.partitions([f"{tenant}.echo.results"])))
        return [record.value for record in found if record.value and request_id.encode() in record.value]

    def ask(self, tenant: str, value: bytes, headers: list[tuple[str, bytes]]) -> None:
        """Writes bytes to the tenant's requests."""
        sender = producer(self.role(tenant))
        sender.produce(f"{tenant}.echo.requests", value, b"key", headers=headers)
        assert sender.flush(10) == 0

    def gives_away(self, text: str) -> bool:
        """Whether anybody's password is in the text."""
        return any(word in text for word in self.passwords().values())

    def turns_away(self, file: Path, words: list[str], needle: str, start: float) -> None:
        """A command that is not let in says so soon, and ends with an exit code that tells of failure."""
        took, said, code = self.told(file, words, needle, PATIENCE + start)
        assert took is not None, (words, said)
        assert code != 0, (words, said)
        assert "Traceback" not in said, (words, said)
        assert not self.gives_away(said), words
