"""The bare at-least-once loop: confluent-kafka and fastavro, no transactions, no framework, tuned.

With `quick_poll` it is tuned for latency: it takes what is at hand and waits for no full batch.
"""

import time

from confluent_kafka import Consumer, Message, Producer

from bench.peers.by_hand import ByHand, Unreadable
from bench.peers.task import Task

BATCH = 512
COMMIT_SECONDS = 1.0


class BareLoop:
    """Consume, answer, produce; flush and commit every second."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._work = ByHand(task.schema_folder, task.request_schema, task.result_schema)
        self._consumer = Consumer(
            {
                "bootstrap.servers": task.bootstrap,
                "group.id": task.group,
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "fetch.queue.backoff.ms": 2,
                "fetch.wait.max.ms": 10,
                "queued.max.messages.kbytes": 262_144,
            }
        )
        self._producer = Producer(
            {
                "bootstrap.servers": task.bootstrap,
                "linger.ms": 1 if task.quick_poll else 2,
                "batch.size": 1 << 20,
                "queue.buffering.max.messages": 1_000_000,
                "partitioner": "murmur2_random",
                "message.max.bytes": 4 << 20,
            }
        )

    def run(self) -> None:
        """Runs until it is killed."""
        self._consumer.subscribe([self._task.source])
        committed = time.monotonic()
        moved = False
        while True:
            for message in self._read():
                moved = True
                self._answer(message)
            self._producer.poll(0)
            if moved and time.monotonic() - committed > COMMIT_SECONDS:
                self._producer.flush()
                self._consumer.commit(asynchronous=True)
                committed, moved = time.monotonic(), False

    def _read(self) -> list[Message]:
        if self._task.quick_poll:
            first = self._consumer.poll(0.1)
            messages = [] if first is None else [first, *self._consumer.consume(BATCH - 1, 0)]
        else:
            messages = self._consumer.consume(BATCH, 0.05)
        self._work.tick()
        return [message for message in messages if message.error() is None]

    def _answer(self, message: Message) -> None:
        value, key, headers = message.value() or b"", message.key(), message.headers()
        place = message.topic() or "", message.partition() or 0, message.offset() or 0
        try:
            answer, back = self._work.answer(*place, message.timestamp()[1], value, headers)
            self._produce(self._task.target, answer, key, back)
        except Unreadable as error:
            back = [*(headers or ()), ("reason", str(error).encode())]
            self._produce(self._task.dead_letters, value, key, back)

    def _produce(self, topic: str, value: bytes, key: bytes | None, headers: list[tuple[str, bytes]]) -> None:
        while True:
            try:
                self._producer.produce(topic, value, key, headers=headers)  # type: ignore[arg-type] # list is invariant
                return
            except BufferError:
                self._producer.poll(0.01)


if __name__ == "__main__":
    BareLoop(Task.told()).run()
