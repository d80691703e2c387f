"""Three Kafka nodes, each a broker and a controller, every record on all of them: a node may die, and all goes on."""

import os
import shutil
import struct
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

from streams.client.connection import admin
from streams.settings import KafkaSettings, Settings, StackSettings, override
from streams.stack import broker, kafka, ports, service
from streams.stack.layout import Layout
from streams.testing import eventually

NODES = (1, 2, 3)
REPLICAS, IN_SYNC = 3, 2
HEAP = "300m"
READY_SECONDS = 60.0
SESSION_MS = 3_000
"""After so long without a sign of life a broker's partitions have other leaders; Kafka's default is 9 s."""


class Cluster:
    """Started nodes, which a trial may kill; `settings` point at all three. A context manager."""

    def __init__(self, folder: Path, base: Settings) -> None:
        """`folder` takes their data; the registry and the jars are those of `base`."""
        self._folder = folder / f"stack-of-{os.getpid()}"
        chosen = ports.free(2 * len(NODES))
        self._nodes = {
            node: self._node(base, node, chosen[place], chosen[place + len(NODES)]) for place, node in enumerate(NODES)
        }
        addresses = ",".join(f"{ports.HOST}:{one.stack.kafka_port}" for one in self._nodes.values())
        topics = base.topics.model_copy(update={"replication": REPLICAS})
        self.settings = override(base, {"kafka": KafkaSettings(bootstrap_servers=addresses), "topics": topics})

    def __enter__(self) -> Self:
        self._format()
        try:
            for node in NODES:
                self.start(node)
            for node in NODES:
                self.wait_ready(node)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for node in NODES:
            if service.find(kafka.NAME, self._layout(node).root):
                self.kill(node)
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(self, node: int) -> None:
        """Starts a node; does not wait for it."""
        service.start(kafka.service(self._nodes[node], self._layout(node)))

    def wait_ready(self, node: int) -> None:
        """Blocks until a node answers clients. Raises what `eventually` does when it never does."""
        port = self._nodes[node].stack.kafka_port
        eventually(lambda: broker.is_ready(port), within=READY_SECONDS, every=0.2, what=f"node {node} ready")

    def kill(self, node: int) -> None:
        """kill -9 of a node; blocks until it is gone."""
        running = service.find(kafka.NAME, self._layout(node).root)
        assert running is not None, f"node {node} does not run"
        running.process.kill()
        running.process.wait(10)

    def leader(self, topic: str, partition: int) -> int:
        """The node that leads a partition now, -1 if none does. Blocks for the answer."""
        found = admin(self.settings).list_topics(timeout=READY_SECONDS).topics[topic]
        return int(found.partitions[partition].leader)

    def wait_in_sync(self) -> float:
        """Blocks until every node has every record that it is to have; how many seconds it took."""
        began, client = time.monotonic(), admin(self.settings)

        def whole() -> bool:
            topics = client.list_topics(timeout=READY_SECONDS).topics.values()
            return all(len(one.isrs) == len(one.replicas) for topic in topics for one in topic.partitions.values())

        eventually(whole, within=READY_SECONDS, every=0.2, what="every replica in sync")
        return time.monotonic() - began

    def _node(self, base: Settings, node: int, client: int, controller: int) -> Settings:
        stack: StackSettings = base.stack.model_copy(
            update={
                "directory": self._folder / f"node-{node}",
                "jars": Layout.of(base.stack).jars,
                "kafka_port": client,
                "controller_port": controller,
                "kafka_heap": HEAP,
            }
        )
        return override(base, {"stack": stack})

    def _layout(self, node: int) -> Layout:
        return Layout.of(self._nodes[node].stack)

    def _format(self) -> None:
        voters = ",".join(f"{node}@{ports.HOST}:{one.stack.controller_port}" for node, one in self._nodes.items())
        first, *others = NODES
        for node in (first, *others):
            layout = self._layout(node)
            layout.make()
            if node != first:
                copy_formatted(self._layout(first).kafka_data, layout.kafka_data, node)
            kafka.prepare(self._nodes[node], layout, replicated(node, voters))


def replicated(node: int, voters: str) -> Mapping[str, str]:
    """What a node's properties say otherwise than those of a broker that is alone."""
    internal = ("offsets.topic", "transaction.state.log", "share.coordinator.state.topic")
    return {
        "node.id": str(node),
        "controller.quorum.voters": voters,
        "min.insync.replicas": str(IN_SYNC),
        "default.replication.factor": str(REPLICAS),
        "broker.session.timeout.ms": str(SESSION_MS),
        "broker.heartbeat.interval.ms": "500",
        **{f"{name}.replication.factor": str(REPLICAS) for name in internal},
        **{f"{name}.min.isr": str(IN_SYNC) for name in internal[1:]},
    }


def copy_formatted(source: Path, target: Path, node: int, draw: Callable[[], str] = kafka.cluster_id) -> None:
    """A data directory of the same cluster for another node: a format costs a start of Java, a copy nothing."""
    shutil.copytree(source, target)
    properties = target / "meta.properties"
    own = {"node.id": str(node), "directory.id": draw()}
    lines = [line.partition("=") for line in properties.read_text().splitlines() if not line.startswith("#")]
    properties.write_text("".join(f"{name}={own.get(name, value)}\n" for name, _, value in lines))


def coordinated_by(identity: str, partitions: int) -> int:
    """The partition of Kafka's own topic that a group or a transactional id belongs to: Java's hash of its name."""
    hashed = 0
    for (unit,) in struct.iter_unpack(">H", identity.encode("utf-16-be")):
        hashed = (31 * hashed + unit) & 0xFFFFFFFF
    signed = hashed - (1 << 32) if hashed >= 1 << 31 else hashed
    return (0 if signed == -(1 << 31) else abs(signed)) % partitions
