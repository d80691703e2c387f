"""The Python client: `async with Client() as client: await client.infer("digits", record)`."""

import asyncio
import logging
import os
import socket
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Iterable, Mapping
from contextlib import aclosing
from functools import partial
from typing import Any, Self
from uuid import uuid4

from confluent_kafka import KafkaException, Producer
from pydantic import BaseModel

from schemas.errors import Unwritable
from streams.client import reply_topic as reply_topics
from streams.client.calls import CALL_HEADER, Call, Calls
from streams.client.connection import admin, consumer, open_registry, partition_counts, producer, require_topics
from streams.client.errors import CallFailed, InvalidRecord, NotReady, NotSent
from streams.client.many import Many
from streams.client.replies import Replies
from streams.client.reply_topic import ReplyTopic
from streams.client.requests import (
    SentHeaders,
    UserHeaders,
    deadline_header,
    identified,
    key_bytes,
    reply_headers,
    user_headers,
)
from streams.client.result import Result
from streams.client.routes import Route, open_route, request_topic
from streams.settings import Settings, load

RecordLike = Mapping[str, Any] | BaseModel

FULL_WAIT_SECONDS = 0.01
CLOSE_SECONDS = 5.0

log = logging.getLogger(__name__)


class Client:
    """Sends requests and awaits their answers; thousands at once share one producer and one reading thread.

    Answers come on a reply topic of the client's own, made at the start and deleted at the end, or on `reply_topic`,
    which exists already (`reply_partition`: only there). `client_id` is what a person knows the topic by. It belongs to
    the event loop that starts it.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        client_id: str | None = None,
        reply_topic: str | None = None,
        reply_partition: int | None = None,
        timeout_seconds: float = 60.0,
    ) -> None:
        self._settings = settings or load()
        # Of its own even where two clients have one name: the first to close deletes its topic.
        self._id = f"{client_id or f'{socket.gethostname()}-{os.getpid()}'}-{uuid4().hex[:8]}"
        self._asked_topic = reply_topic
        self._asked_partition = reply_partition
        self._timeout = timeout_seconds
        self._routes: dict[str, Route] = {}
        self._opening = asyncio.Lock()
        self._ready = False

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def start(self) -> None:
        """Connect and begin to read answers.

        Raises ClusterUnreachable, LoginRefused, TopicMissing, or NotAllowed where this user may not make a reply topic.
        """
        self._loop = asyncio.get_running_loop()
        self._admin = admin(self._settings)
        self._topic = await asyncio.to_thread(self._open_reply_topic)
        self._headers = reply_headers(self._topic)
        self._registry = open_registry(self._settings)
        self._producer: Producer = producer(self._settings, "client")
        self._calls = Calls(self._loop, uuid4().hex[:12])
        self._replies = Replies(
            consumer(self._settings, "client", **{"fetch.wait.max.ms": 100}),
            self._producer,
            self._topic,
            self._calls,
            self._decode,
            self._loop,
        )
        await asyncio.to_thread(self._replies.start)
        self._ready = True

    async def close(self) -> None:
        """Wait a little for what is under way, then disconnect and delete the client's own reply topic.

        Callers still waiting get NotReady. While answers are due the topic stays, so that no worker finds it missing.
        """
        if not self._ready:
            return
        self._ready = False
        await self._calls.drained(CLOSE_SECONDS)
        self._calls.fail_all()
        await asyncio.to_thread(self._disconnect)

    async def infer(
        self,
        processor: str,
        record: RecordLike,
        *,
        key: str | bytes | None = None,
        deadline_ms: float | None = None,
        headers: UserHeaders | None = None,
        timeout_seconds: float | None = None,
    ) -> Result:
        """Send one request and wait for its answer.

        A record without `request_id` gets one; `key` is the field that the lane is keyed by, else the id, unless given;
        `deadline_ms` counts from now, and is
        the worker's; `timeout_seconds` is the caller's own patience. Raises CallFailed (InferenceFailed, TimedOut,
        NotSent, InvalidRecord), UnknownProcessor, TopicMissing, NotReady, and what the registry raises.
        """
        token, call = await self._send(processor, record, key, deadline_ms, headers, timeout_seconds)
        try:
            return await call.future
        except asyncio.CancelledError:
            self._abandon(token)
            raise

    async def infer_many(
        self,
        processor: str,
        records: Iterable[RecordLike] | AsyncIterable[RecordLike],
        *,
        deadline_ms: float | None = None,
        headers: UserHeaders | None = None,
        timeout_seconds: float | None = None,
        in_flight: int = 4_096,
    ) -> AsyncGenerator[tuple[int, Result | CallFailed], None]:
        """Send all records, at most `in_flight` unanswered, and yield each one's index and outcome as they come.

        What fails for one record is its outcome; what would fail for all is raised.
        """

        def send(record: RecordLike) -> Awaitable[tuple[bytes, Call]]:
            return self._send(processor, record, None, deadline_ms, headers, timeout_seconds)

        many = Many(records, send, self._abandon, in_flight)
        async with aclosing(many.outcomes()) as outcomes:
            async for outcome in outcomes:
                yield outcome

    async def _send(
        self,
        processor: str,
        record: RecordLike,
        key: str | bytes | None,
        deadline_ms: float | None,
        headers: UserHeaders | None,
        timeout_seconds: float | None,
    ) -> tuple[bytes, Call]:
        """Hand one request to the producer, when it has room, and open the call that waits for its answer."""
        if not self._ready:
            raise NotReady("this client is not started, or closed already; use `async with Client() as client`")
        route = self._routes.get(processor) or await self._route(processor)
        plain = identified(record)
        request_id = plain["request_id"]
        value = _encoded(route, plain)
        if key is None and route.key_field is not None:
            key = plain[route.key_field]
        all_headers = [*self._headers, *user_headers(headers)]
        if deadline_ms is not None:
            all_headers.append(deadline_header(deadline_ms))
        token, call = self._calls.open(processor, request_id, timeout_seconds or self._timeout)
        all_headers.append((CALL_HEADER, token))
        try:
            await self._produce(route.topic, key_bytes(key, request_id), value, all_headers, token, request_id)
        except BaseException:
            self._calls.discard(token)
            raise
        return token, call

    async def _produce(
        self, topic: str, key: bytes, value: bytes, headers: SentHeaders, token: bytes, request_id: str
    ) -> None:
        report = partial(self._reported, token, request_id)
        while True:
            try:
                self._producer.produce(topic, value, key, headers=headers, on_delivery=report)
                return
            except BufferError:
                await asyncio.sleep(FULL_WAIT_SECONDS)
            except KafkaException as error:
                raise NotSent(f"{request_id!r} was not sent: {error.args[0].str()}", request_id) from None

    def _reported(self, token: bytes, request_id: str, error: Any, _message: Any) -> None:
        """A delivery report, on the reading thread."""
        if error is not None:
            failure = NotSent(f"{request_id!r} was not sent: {error.str()}", request_id)
            self._loop.call_soon_threadsafe(self._calls.answer, token, failure)

    def _abandon(self, token: bytes) -> None:
        self._calls.abandon(token)

    async def _route(self, processor: str) -> Route:
        async with self._opening:
            if processor not in self._routes:
                self._routes[processor] = await asyncio.to_thread(self._open_route, processor)
        return self._routes[processor]

    def _open_route(self, processor: str) -> Route:
        require_topics(self._admin, self._settings, [request_topic(self._settings, processor)])
        return open_route(self._settings, self._registry, processor)

    def _open_reply_topic(self) -> ReplyTopic:
        # First of all: whoever is not let in is told so, where everything else would only take its time.
        partition_counts(self._admin, self._settings)
        if self._asked_topic is None:
            return reply_topics.create(self._admin, self._settings, self._id)
        return reply_topics.shared(self._admin, self._settings, self._asked_topic, self._asked_partition, self._id)

    def _decode(self, processor: str, value: bytes) -> Mapping[str, Any]:
        return self._routes[processor].decode(value)

    def _disconnect(self) -> None:
        self._producer.flush(CLOSE_SECONDS)
        self._replies.stop()
        if self._topic.own and self._calls.unanswered:
            note = "the reply topic %s stays, for %d answers are due"
            log.warning(note, self._topic.name, self._calls.unanswered)
        elif self._topic.own:
            reply_topics.delete(self._admin, self._topic.name)
        self._registry.close()


def _encoded(route: Route, record: Mapping[str, Any]) -> bytes:
    try:
        return route.encode(record)
    except Unwritable as error:
        text = f"{record['request_id']!r} does not fit {route.processor}'s request schema: {error}"
        raise InvalidRecord(text, record["request_id"], error.field) from None
