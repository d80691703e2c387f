"""The thread that reads a client's answers and hands them, many at a time, to its event loop."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from threading import Event, Thread
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

from schemas.errors import RegistryUnavailable, Unreadable
from streams.client.calls import CALL_HEADER, Calls
from streams.client.connection import ANSWER_SECONDS
from streams.client.errors import AnswerUnreadable, CallFailed
from streams.client.reply_topic import ReplyTopic
from streams.client.result import Result, outcome_of
from streams.headers import headers_or_none

Decode = Callable[[str, bytes], Mapping[str, Any]]
Settled = tuple[bytes, Result | CallFailed | None]

POLL_SECONDS = 0.05
AGAIN_SECONDS = 0.05
BATCH = 1_000
UNKNOWN = (KafkaError._UNKNOWN_PARTITION, KafkaError._UNKNOWN_TOPIC, KafkaError.UNKNOWN_TOPIC_OR_PART)

log = logging.getLogger(__name__)


class Replies:
    """Reads the reply topic from where it ended at the start.

    `decode(processor, value)` may block on the registry; it raises Unreadable or RegistryUnavailable. The thread
    also serves the producer's delivery reports, so that one thread is enough for a client.
    """

    def __init__(
        self,
        consumer: Consumer,
        producer: Producer,
        topic: ReplyTopic,
        calls: Calls,
        decode: Decode,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._consumer = consumer
        self._producer = producer
        self._topic = topic
        self._calls = calls
        self._decode = decode
        self._loop = loop
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="sluicegate-replies", daemon=True)

    def start(self) -> None:
        """Find the topic's end and read from there. Blocks for the look-up; no answer sent later is missed."""
        self._consumer.assign([self._end(partition) for partition in self._topic.partitions])
        self._thread.start()

    def stop(self) -> None:
        """End the thread and close the consumer. Blocks for a moment; may be called before `start`."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        self._consumer.close()

    def _end(self, partition: int) -> TopicPartition:
        place = TopicPartition(self._topic.name, partition)
        deadline = time.monotonic() + ANSWER_SECONDS
        while True:
            try:
                _, high = self._consumer.get_watermark_offsets(place, timeout=ANSWER_SECONDS)
                return TopicPartition(self._topic.name, partition, high)
            except KafkaException as error:
                # A topic that was made a moment ago may not be known to every broker.
                if error.args[0].code() not in UNKNOWN or time.monotonic() > deadline:
                    raise
                self._stopping.wait(AGAIN_SECONDS)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._step()
            except KafkaException as error:
                log.warning("answers can't be read: %s", error.args[0])
                self._stopping.wait(POLL_SECONDS)

    def _step(self) -> None:
        first = self._consumer.poll(POLL_SECONDS)
        self._producer.poll(0)
        if first is None:
            return
        messages = [first, *self._consumer.consume(BATCH, 0)]
        settled = [one for one in map(self._settle, messages) if one is not None]
        if settled:
            self._loop.call_soon_threadsafe(self._hand_over, settled)

    def _hand_over(self, settled: list[Settled]) -> None:
        for token, outcome in settled:
            self._calls.answer(token, outcome)

    def _settle(self, message: Any) -> Settled | None:
        """The outcome for a message, None for one that is not ours."""
        if message.error() is not None:
            log.warning("answers can't be read: %s", message.error().str())
            return None
        headers = headers_or_none(message)
        token = next((value for name, value in headers if name == CALL_HEADER), None)
        if token is None or not self._calls.awaited(token):
            return None
        call = self._calls.waiting(token)
        if call is None:
            return token, None
        return token, self._read(call.processor, call.request_id, message.value(), headers)

    def _read(self, processor: str, request_id: str, value: bytes, headers: Any) -> Result | CallFailed:
        while True:
            try:
                return outcome_of(processor, self._decode(processor, value), headers)
            except Unreadable as error:
                return AnswerUnreadable(f"the answer to {request_id!r} can't be read: {error}", request_id)
            except RegistryUnavailable as error:
                log.warning("an answer waits for the registry: %s", error)
                if self._stopping.wait(1.0):
                    return AnswerUnreadable(f"the answer to {request_id!r} can't be read: {error}", request_id)
