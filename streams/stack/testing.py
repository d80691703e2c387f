"""A real Kafka and registry for tests: on free ports, in a directory of their own, gone when the tests end."""

import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psutil
from confluent_kafka.admin import AdminClient, NewTopic
from filelock import FileLock

from streams.settings import KafkaSettings, RegistrySettings, Settings, StackSettings
from streams.stack import archive, containers, kafka, lifecycle, ports, programs, registry, service
from streams.stack.layout import Layout
from streams.stack.state import NAMES

OWNED = re.compile(r"stack-of-(\d+)")
RUNNING = "SLUICEGATE_TEST_STACK"
"""The variable that names the directory of a stack which runs already, for several test sessions in a row."""
NOTE = "ports.json"


@dataclass(frozen=True)
class StackForTests:
    """A stack that a test may kill and start again; `settings` point at it."""

    settings: Settings

    @classmethod
    def on_free_ports(cls, parent: Path, jars: Path) -> "StackForTests":
        """A stack below `parent`, with the jars of another; nothing is started yet."""
        return cls._at(parent / f"stack-of-{os.getpid()}", jars, ports.free(3))

    @classmethod
    def running(cls, directory: Path, jars: Path) -> "StackForTests":
        """The stack that keeps its data in `directory`, and that whoever started it has remembered there."""
        return cls._at(directory, jars, json.loads((directory / NOTE).read_text()))

    def remember(self) -> None:
        """Notes in its directory what `running` has to know."""
        stack = self.settings.stack
        (stack.directory / NOTE).write_text(json.dumps([stack.kafka_port, stack.controller_port, stack.registry_port]))

    @classmethod
    def _at(cls, directory: Path, jars: Path, chosen: Sequence[int]) -> "StackForTests":
        kafka_port, controller_port, registry_port = chosen
        stack = StackSettings(
            directory=directory,
            jars=jars,
            kafka_port=kafka_port,
            controller_port=controller_port,
            registry_port=registry_port,
            kafka_heap="384m",
            registry_heap="256m",
        )
        return cls(
            Settings(
                kafka=KafkaSettings(bootstrap_servers=f"{ports.HOST}:{kafka_port}"),
                registry=RegistrySettings(url=f"http://{ports.HOST}:{registry_port}{registry.API}"),
                stack=stack,
            )
        )

    @property
    def bootstrap(self) -> str:
        """Kafka's address."""
        return self.settings.kafka.bootstrap_servers

    @property
    def in_docker(self) -> bool:
        """Whether containers run it, not processes."""
        return programs.engine(self.settings.stack.engine) == "docker"

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables that point a `sluicegate` process at this stack."""
        stack = self.settings.stack
        return {
            "SLUICEGATE_KAFKA__BOOTSTRAP_SERVERS": self.bootstrap,
            "SLUICEGATE_REGISTRY__URL": self.settings.registry.url,
            "SLUICEGATE_STACK__DIRECTORY": str(stack.directory),
            "SLUICEGATE_STACK__JARS": str(stack.jars),
            "SLUICEGATE_STACK__KAFKA_PORT": str(stack.kafka_port),
            "SLUICEGATE_STACK__CONTROLLER_PORT": str(stack.controller_port),
            "SLUICEGATE_STACK__REGISTRY_PORT": str(stack.registry_port),
        }

    def train(self) -> None:
        """Start and stop it once if Java has no class archives yet: all later starts take half the time."""
        layout = Layout.of(self.settings.stack)
        if self.in_docker:
            return
        # Two sessions may begin at once: the second finds what the first has made.
        with FileLock(layout.jars / "train.lock"):
            if not all(archive.is_kept(name, layout) for name in NAMES):
                self.up()
                self.down()

    def up(self) -> None:
        """Start what does not run; blocks until both are ready."""
        lifecycle.up(self.settings)

    def down(self) -> None:
        """Stop both, as a user would."""
        lifecycle.down(self.settings)

    def kill(self, name: str) -> None:
        """kill -9 of `kafka` or `registry`; blocks until it is gone."""
        if self.in_docker:
            containers.kill(self.settings, name)
            return
        running = service.find(name, Layout.of(self.settings.stack).root)
        assert running is not None, f"{name} does not run"
        running.process.kill()
        running.process.wait(10)

    def discard(self) -> None:
        """Kill both and delete their data: quick, for the end of a test session."""
        if self.in_docker:
            containers.discard(self.settings)
            return
        for name in (registry.NAME, kafka.NAME):
            if service.find(name, Layout.of(self.settings.stack).root):
                self.kill(name)
        shutil.rmtree(self.settings.stack.directory, ignore_errors=True)

    def new_topic(self, name: str = "topic", partitions: int = 1, config: Mapping[str, str] | None = None) -> str:
        """Create a topic of a name that no other test has, and return the name; blocks until it is there."""
        topic = f"{name}-{uuid4().hex[:8]}"
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        created = admin.create_topics([NewTopic(topic, partitions, 1, config=dict(config or {}))])
        created[topic].result(10)
        return topic


def sweep_orphans() -> None:
    """Kill the stacks of test sessions that were killed themselves."""
    for process in psutil.process_iter(["cmdline"]):
        marked = (word for word in process.info["cmdline"] or () if word.startswith(service.DIRECTORY))
        owner = OWNED.search(next(marked, ""))
        if owner and not psutil.pid_exists(int(owner.group(1))):
            process.kill()
