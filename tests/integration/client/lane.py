"""A lane of a test's own: topics and schemas that no other test touches, and a stand-in for its worker."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from threading import Event, Thread
from typing import Any, Self
from uuid import uuid4

import pytest
from confluent_kafka import Consumer, Producer

from schemas.avsc import load as load_schema
from schemas.codec import Codec
from schemas.dead_letter import connect_headers
from schemas.envelope import outcome_headers, read_headers
from schemas.errors import Unreadable
from schemas.outcome import Code, Completed, Failed
from schemas.result import result_record
from schemas.subjects import subject
from streams.binding import bind
from streams.cli.main import main
from streams.client.connection import open_registry, producer
from streams.client.record import Record, from_message
from streams.provisioning.plan import plan_for
from streams.provisioning.provision import provision
from streams.settings import LaneSettings, Settings, load, override

SLUICEGATE = Path(sys.executable).parent / "sluicegate"


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it said."""

    returncode: int
    stdout: str
    stderr: str


def ended() -> Done:
    """Run the command line of this process, as it is now."""
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            main()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
    return Done(code, out.getvalue(), err.getvalue())


@dataclass(frozen=True)
class EchoLane:
    """The echo lane, bound to topics of its own."""

    settings: Settings
    environment: Mapping[str, str]

    @classmethod
    def made(cls, settings: Settings, environment: Mapping[str, str]) -> Self:
        """Create the topics and register the schemas."""
        name = uuid4().hex[:8]
        lane = LaneSettings(requests=(f"asked-{name}",), results=f"told-{name}", group=f"lane-{name}")
        letters = f"letters-{name}"
        bound = override(settings, {"lanes": {"echo": lane}, "dead_letters": letters})
        provision(bound, plan_for(bound, ["echo"]))
        variables = {
            "SLUICEGATE_LANES": f'{{"echo": {lane.model_dump_json(include={"requests", "results", "group"})}}}',
            "SLUICEGATE_DEAD_LETTERS": letters,
        }
        return cls(bound, {**environment, **variables})

    @property
    def requests(self) -> str:
        """The request topic."""
        return bind(self.settings, "echo").requests[0]

    @property
    def results(self) -> str:
        """The result topic."""
        return bind(self.settings, "echo").results

    def run(self, *arguments: str, stdin: str | None = None) -> Done:
        """Run the command line to its end, in this process: a new one takes half a second to start."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.variables.items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["sluicegate", *arguments])
            patch.setattr(sys, "stdin", TextIOWrapper(BytesIO((stdin or "").encode())))
            load.cache_clear()
            try:
                return ended()
            finally:
                load.cache_clear()

    def start(self, *arguments: str, **options: Any) -> "subprocess.Popen[str]":
        """Start the real command line."""
        return subprocess.Popen([str(SLUICEGATE), *arguments], text=True, env=self.variables, **options)

    @property
    def variables(self) -> dict[str, str]:
        """A process's environment that points it at this lane."""
        return {**os.environ, **self.environment, "COLUMNS": "200"}

    def codec(self, role: str) -> Codec:
        """The codec of requests or results, ready to write."""
        registry = open_registry(self.settings)
        topic = self.requests if role == "request" else self.results
        codec = Codec(load_schema("echo", "request" if role == "request" else "result"), subject(topic), registry)
        codec.bind()
        return codec

    def bury(self, record: Record, reason: str) -> None:
        """Write the dead letter of a record, as a worker would."""
        headers = connect_headers(
            record.topic, record.partition, record.offset, "echo", reason, Unreadable, "VALUE_CONVERTER", record.headers
        )
        self.produce(self.settings.dead_letters, record.value, record.key, headers)

    def produce(self, topic: str, value: bytes | None, key: bytes | None = None, headers: Any = ()) -> Record:
        """Write one record and wait until it is there."""
        sender = producer(self.settings, "test")
        written: list[Any] = []
        sender.produce(topic, value, key, headers=list(headers), on_delivery=lambda error, done: written.append(done))
        assert sender.flush(10) == 0
        assert written[0].error() is None
        message = written[0]
        return Record(topic, message.partition(), message.offset(), message.timestamp()[1], key, value, list(headers))


@dataclass
class StandIn:
    """Answers a lane's requests in a thread, as a worker does; a payload says what becomes of a request.

    `fail` is answered FAILED, `drop` not at all, everything else is echoed. `seen` keeps what was read.
    """

    lane: EchoLane
    seen: list[Record] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._stopping, self._ready = Event(), Event()
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        settings = self.lane.settings
        group = {"group.id": bind(settings, "echo").group, "auto.offset.reset": "earliest"}
        consumer = Consumer(
            {"bootstrap.servers": settings.kafka.bootstrap_servers, "fetch.queue.backoff.ms": 2, **group}
        )
        consumer.subscribe([self.lane.requests], on_assign=lambda *_: self._ready.set())
        sender: Producer = producer(settings, "stand-in", **{"transactional.id": f"stand-in-{uuid4()}"})
        sender.init_transactions(30)
        self._requests, self._results = self.lane.codec("request"), self.lane.codec("result")
        while not self._stopping.is_set():
            first = consumer.poll(0.05)
            if first is not None:
                self._answer_all(consumer, sender, [first, *consumer.consume(1_000, 0)])
        consumer.close()

    def _answer_all(self, consumer: Consumer, sender: Producer, messages: Sequence[Any]) -> None:
        sender.begin_transaction()
        for record in map(from_message, messages):
            self.seen.append(record)
            self._answer(sender, record)
        sender.send_offsets_to_transaction(consumer.position(consumer.assignment()), consumer.consumer_group_metadata())
        sender.commit_transaction(30)

    def _answer(self, sender: Producer, record: Record) -> None:
        envelope = read_headers(record.headers)
        read: Callable[[bytes | None], dict[str, Any]] = (
            self._requests.decode_json if envelope.json else self._requests.decode
        )
        request = read(record.value)
        if request["payload"] == b"drop":
            return
        failed = request["payload"] == b"fail"
        outcome = Failed(Code.PROCESSOR_FAILED, "boom") if failed else Completed({"payload": request["payload"]})
        value = self._results.encode(result_record(request["request_id"], outcome, "echo", "1", 0.0, 0.0))
        place = (record.topic, record.partition, record.offset)
        headers: Any = outcome_headers("echo", *place, b"", envelope.correlation)
        topic = envelope.reply_to or self.lane.results
        sender.produce(topic, value, envelope.reply_key or record.key, headers=headers)
