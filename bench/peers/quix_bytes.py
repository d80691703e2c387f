"""Quix Streams, exactly-once, over bytes: codec and dead letters by hand, which is faster than its own serializers."""

from typing import Any

from quixstreams import message_context  # type: ignore[import-not-found] # in another environment

from bench.peers.by_hand import ByHand, Headers, Unreadable
from bench.peers.quix_application import application
from bench.peers.task import Task

TICK = 512


class QuixBytes:
    """The pipeline, and what one of its steps leaves for the next: Quix runs them in turn for each record."""

    def __init__(self, task: Task) -> None:
        self._work = ByHand(task.schema_folder, task.request_schema, task.result_schema)
        self._app = application(task)
        raw = {
            "key_deserializer": "bytes",
            "value_deserializer": "bytes",
            "key_serializer": "bytes",
            "value_serializer": "bytes",
        }
        self._source = self._app.topic(task.source, **raw)
        self._target = self._app.topic(task.target, **raw)
        self._dead = self._app.topic(task.dead_letters, **raw)
        self._headers: Headers = []
        self._readable = True
        self._count = 0

    def run(self) -> None:
        """Runs until it is told to stop."""
        frame = self._app.dataframe(self._source)
        frame = frame.apply(self._answer, metadata=True)
        frame = frame.set_headers(lambda *record: self._headers)
        frame.to_topic(lambda *record: self._target if self._readable else self._dead)
        self._app.run()

    def _answer(self, value: bytes, key: Any, timestamp: int, headers: Any) -> bytes:
        self._count += 1
        if self._count % TICK == 0:
            self._work.tick()
        context = message_context()
        try:
            answer, self._headers = self._work.answer(
                context.topic, context.partition, context.offset, timestamp, value, headers
            )
            self._readable = True
            return answer
        except Unreadable as error:
            self._headers = [*(headers or ()), ("reason", str(error).encode())]
            self._readable = False
            return value


if __name__ == "__main__":
    QuixBytes(Task.told()).run()
