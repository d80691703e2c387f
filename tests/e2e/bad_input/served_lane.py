"""Lanes on topics of a test's own, and a real worker; what comes out is found by the place of what went in."""

import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
from confluent_kafka import Consumer, Producer, TopicPartition

from schemas.avsc import load as load_schema
from schemas.codec import Codec
from schemas.dead_letter import DeadLetterInfo, parse
from schemas.registry import Registry
from schemas.subjects import subject
from streams.binding import Binding, bind
from streams.client.record import Headers, Record, from_message
from streams.polling import poll_many
from streams.provisioning.plan import plan_for
from streams.provisioning.provision import provision
from streams.settings import LaneSettings, Settings, override
from streams.stack.testing import StackForTests
from streams.testing import eventually

SLUICEGATE = Path(sys.executable).parent / "sluicegate"
WITHIN = 60.0
JSON = ("content-type", b"application/json")


@dataclass(frozen=True)
class Bad:
    """A record that a client sends: value, key, headers."""

    value: bytes | None
    key: bytes | None = b"key"
    headers: Headers = field(default_factory=list)


@dataclass(frozen=True)
class Answer:
    """A result: where it was found, and what it says."""

    record: Record
    says: dict[str, Any]

    @property
    def replayed(self) -> bool:
        """Whether it is an earlier answer, given again."""
        return self.record.header("replayed") == b"true"

    @property
    def code(self) -> str | None:
        """The error's code, or None."""
        return self.says["error"]["code"] if self.says["error"] else None

    @property
    def field(self) -> str | None:
        """The field that the error names."""
        return (self.says["error"] or {"details": {}})["details"].get("field")


class ServedLane:
    """The topics of some lanes, a worker that serves them, and what comes out. Use as a context manager."""

    def __init__(
        self,
        stack: StackForTests,
        logs: Path,
        names: Sequence[str] = ("echo",),
        command: Sequence[str] = (str(SLUICEGATE), "worker"),
        partitions: int = 1,
        topics: Mapping[str, Any] | None = None,
        results: str | None = None,
        **lane: Any,
    ) -> None:
        self.stack, self.names, self.log = stack, names, logs / f"worker-{uuid4().hex[:8]}.log"
        self._command = command
        mark = uuid4().hex[:8]
        lanes = {
            name: {"requests": [f"{name}-asked-{mark}"], "results": results or f"{name}-told-{mark}",
                   "group": f"{name}-{mark}", **lane}
            for name in names
        }  # fmt: skip
        self._shared = {"dead_letters": f"letters-{mark}", "control": f"control-{mark}"}
        sizes = {"partitions": partitions, **(topics or {})}
        self.settings: Settings = override(
            stack.settings,
            {
                "topics": stack.settings.topics.model_copy(update=sizes),
                "lanes": {name: LaneSettings.model_validate(one, strict=False) for name, one in lanes.items()},
                **self._shared,
            },
        )
        self.environment = {
            **os.environ,
            **stack.environment,
            "SLUICEGATE_LANES": json.dumps(lanes),
            **{f"SLUICEGATE_{name.upper()}": topic for name, topic in self._shared.items()},
            **{f"SLUICEGATE_TOPICS__{name.upper()}": str(size) for name, size in sizes.items()},
        }
        self._workers: list[psutil.Popen] = []
        self._results: dict[str, list[Answer]] = defaultdict(list)
        self._letters: dict[str, list[Record]] = defaultdict(list)
        self._watched: list[str] = []

    def __enter__(self) -> "ServedLane":
        self.provision()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            # One that a test killed already must not keep the others from their end.
            if worker.poll() is None:
                worker.kill()
                worker.wait()
        self._consumer.close()

    def provision(self) -> None:
        """Makes the topics and schemas, as `sluicegate init` does."""
        provision(self.settings, plan_for(self.settings, self.names))

    def start(self) -> psutil.Popen:
        """Starts the worker."""
        only = [word for name in self.names for word in ("--only", name)]
        with self.log.open("ab") as log:
            command = [*self._command, "--slot", "0", *only]
            worker = psutil.Popen(command, env=self.environment, stdout=log, stderr=subprocess.STDOUT)
        self._workers.append(worker)
        return worker

    @property
    def worker(self) -> psutil.Popen:
        """The worker that was started last."""
        return self._workers[-1]

    def binding(self, name: str = "echo") -> Binding:
        """A lane's topics."""
        return bind(self.settings, name)

    @cached_property
    def registry(self) -> Registry:
        """The stack's registry."""
        return Registry(self.settings.registry.url)

    def codec(self, name: str, role: str) -> Codec:
        """The codec of a lane's requests or results, ready to write."""
        topic = self.binding(name).requests[0] if role == "request" else self.binding(name).results
        made = Codec(load_schema(name, role), subject(topic), self.registry)
        made.bind()
        return made

    @cached_property
    def _requests(self) -> Codec:
        return self.codec("echo", "request")

    @cached_property
    def _decoders(self) -> dict[str, Codec]:
        codecs = {name: self.codec(name, "result") for name in self.names}
        for codec in codecs.values():
            self.registry.fetch(codec.schema_id)
        return codecs

    def request(self, request_id: str, payload: bytes = b"") -> bytes:
        """An echo request as Avro."""
        return self._requests.encode({"request_id": request_id, "payload": payload})

    def send(self, records: Sequence[Bad], name: str = "echo", **producer: Any) -> list[str]:
        """Writes records to a lane's requests, all at once; where each was written."""
        ours = {"partitioner": "murmur2_random", "linger.ms": 1, "message.max.bytes": 2 << 20}
        sender = Producer({"bootstrap.servers": self.stack.bootstrap, **ours, **producer})
        places: dict[int, str] = {}
        topic = self.binding(name).requests[0]
        for number, one in enumerate(records):

            def written(error: Any, message: Any, number: int = number) -> None:
                assert error is None, error
                places[number] = from_message(message).place

            sender.produce(topic, one.value, one.key, headers=one.headers, on_delivery=written)
        assert sender.flush(30) == 0
        return [places[number] for number in range(len(records))]

    def ask(self, request_id: str, payload: bytes = b"", *, headers: Headers | None = None) -> str:
        """Writes one echo request under its id; where it was written."""
        return self.send([Bad(self.request(request_id, payload), request_id.encode(), headers or [])])[0]

    def answer(self, place: str) -> Answer:
        """The one result of the record at a place; waits for it."""
        [found] = eventually(lambda: self.look() or self._results.get(place), within=WITHIN, what=f"result of {place}")
        assert place not in self._letters
        return found

    def answers(self, places: Sequence[str]) -> list[Answer]:
        """The one result of each record at these places; waits for all."""
        missing = set(places)

        def all_there() -> bool:
            self.look()
            missing.difference_update(self._results)
            return not missing

        eventually(all_there, within=WITHIN, what=f"results of {len(places)} records")
        assert not self._letters.keys() & set(places)
        return [found for place in places for [found] in [self._results[place]]]

    def letter(self, place: str) -> tuple[Record, DeadLetterInfo]:
        """The one dead letter of the record at a place; waits for it."""
        [found] = eventually(lambda: self.look() or self._letters.get(place), within=WITHIN, what=f"letter of {place}")
        assert place not in self._results
        info = parse(found.headers)
        assert info is not None
        return found, info

    def became(self, place: str) -> tuple[str, str]:
        """What became of the record at a place, COMPLETED, a failure's code or a dead letter, and why; waits for it."""
        found = (self._results, self._letters)
        eventually(lambda: self.look() or any(place in one for one in found), within=WITHIN, what=f"end of {place}")
        if place in self._letters:
            return "dead letter", self.letter(place)[1].reason
        answer = self.answer(place)
        return (answer.code, answer.says["error"]["message"]) if answer.code else ("COMPLETED", "")

    @property
    def letters(self) -> int:
        """How many dead letters were seen so far."""
        return sum(map(len, self._letters.values()))

    def watch(self, topic: str) -> None:
        """Looks for results on another topic, of one partition, as well."""
        self._watched.append(topic)
        self._consumer.incremental_assign([TopicPartition(topic, 0, 0)])

    def look(self) -> None:
        """Takes what came out since the last look."""
        for message in poll_many(self._consumer, 1_000, 0.05):
            if message.error() is not None:
                continue
            record = from_message(message)
            if record.topic == self.settings.dead_letters:
                info = parse(record.headers)
                assert info is not None
                self._letters[f"{info.topic}:{info.partition}:{info.offset}"].append(record)
            else:
                self._results[(record.header("ce_id") or b"").decode()].append(self._read(record))

    def _read(self, record: Record) -> Answer:
        lane = (record.header("ce_source") or b"").decode().rpartition("/")[2]
        return Answer(record, self._decoders[lane].decode(record.value))

    @cached_property
    def _consumer(self) -> Consumer:
        properties = {"isolation.level": "read_committed", "fetch.wait.max.ms": 10, "fetch.queue.backoff.ms": 2}
        consumer = Consumer({"bootstrap.servers": self.stack.bootstrap, "group.id": "reader", **properties})
        partitions = self.settings.topics.partitions
        topics = [*(self.binding(name).results for name in self.names), self.settings.dead_letters]
        consumer.assign([TopicPartition(topic, number, 0) for topic in topics for number in range(partitions)])
        return consumer

    def said(self) -> str:
        """What the worker logged so far."""
        return self.log.read_text(errors="replace")

    def hears(self, text: str, count: int = 1) -> None:
        """Waits until the worker has logged this text so often."""
        eventually(lambda: self.said().count(text) >= count, within=WITHIN, what=f"{text!r} in {self.log}")

    def memory(self) -> int:
        """Bytes that the worker's process takes now."""
        return int(self.worker.memory_info().rss)


def now_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000
