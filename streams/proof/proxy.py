"""A proxy in front of one Kafka broker that knows where a request begins and ends.

It can hold the next request of a kind back while its client's connection is dropped, and let it reach the broker later:
what a network, or a broker's queue, may do to a request whose client has given up on it. And it can be a bad network to
every connection (`streams.proof.toxics`), or none at all.
"""

import asyncio
import socket
import struct
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Self

from streams.proof.toxics import Pipe, Toxic
from streams.stack import ports

INIT_PRODUCER_ID, END_TXN = 22, 26
HOST = "127.0.0.1"
LINGER_NEVER = struct.pack("ii", 1, 0)
"""With SO_LINGER: to close is to reset."""


@dataclass(slots=True, eq=False)
class Link:
    """One client's connection and its counterpart to the broker."""

    client: asyncio.StreamWriter
    broker: asyncio.StreamWriter
    up: Pipe
    down: Pipe
    held: int | None = None
    """The number by which the broker answers the request that is held back here."""

    def drop(self, *, reset: bool) -> None:
        """Closes the client's side: in order, or with a reset."""
        if reset:
            self.client.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NEVER)
            self.client.transport.abort()
        else:
            self.client.close()


class FrameProxy:
    """Listens on `port`; runs on a thread of its own while its context lasts. Any thread may call it.

    `listening` is a socket to listen on instead, at `host`, a name as long as the broker's own.
    """

    def __init__(self, bootstrap: str, listening: socket.socket | None = None, host: str = HOST) -> None:
        broker, _, port = bootstrap.rpartition(":")
        self._broker = (broker, int(port))
        self._listening_on, self.host = listening, host
        self.port = ports.free(1)[0] if listening is None else listening.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="proxy", daemon=True)
        self._listening = threading.Event()
        self._server: asyncio.Server | None = None
        self._armed: int | None = None
        self._reset = False
        self._toxic = Toxic()
        self._links: set[Link] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._held: list[tuple[Link, bytes]] = []
        self.holding, self.answered = threading.Event(), threading.Event()
        self.seen: dict[int, int] = {}

    @property
    def bootstrap(self) -> str:
        """The address for a client."""
        return f"{self.host}:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._listening.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def hold_next(self, kind: int, *, reset: bool = False) -> None:
        """The next request of a kind stays here, and its client's connection is dropped (`reset`: with a TCP reset)."""
        self.holding.clear()
        self.answered.clear()
        self._reset, self._armed = reset, kind

    def release(self, within: float = 10.0) -> None:
        """Sends what is held to the broker; blocks until the broker has answered it."""
        self._call(self._release())
        assert self.answered.wait(within), "the broker did not answer the late request"

    def drop_all(self, *, reset: bool = False) -> int:
        """Drops every client's connection now; returns how many."""
        return int(self._call(self._drop_all(reset)))

    @contextmanager
    def under(self, toxic: Toxic) -> Iterator[None]:
        """Every connection is under a toxic for a time; those that lost bytes are closed afterwards."""
        self._toxic = toxic
        try:
            yield
        finally:
            self._call(self._heal())

    @contextmanager
    def down(self) -> Iterator[None]:
        """For a time nobody listens, and every connection is closed."""
        self._call(self._close())
        try:
            yield
        finally:
            self._call(self._open())

    def _call(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._open())
        self._listening.set()
        self._loop.run_forever()
        assert self._server is not None
        self._server.close()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.close()

    async def _open(self) -> None:
        if self._listening_on is not None:
            self._server = await asyncio.start_server(self._accepted, sock=self._listening_on.dup())
        else:
            self._server = await asyncio.start_server(self._accepted, HOST, self.port)

    async def _close(self) -> None:
        assert self._server is not None
        self._server.close()
        await self._drop_all(reset=False)

    def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = self._loop.create_task(self._connected(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            broker_reader, broker_writer = await asyncio.open_connection(*self._broker)
        except OSError:
            writer.close()
            return
        up, down = Pipe(broker_writer, lambda: self._toxic), Pipe(writer, lambda: self._toxic)
        link = Link(writer, broker_writer, up, down)
        self._links.add(link)
        try:
            await asyncio.gather(self._upwards(reader, link), self._downwards(broker_reader, link))
        finally:
            self._links.discard(link)
            link.drop(reset=False)
            if link.held is None:
                broker_writer.close()

    async def _upwards(self, reader: asyncio.StreamReader, link: Link) -> None:
        await flow(self._to_broker(reader, link), link.up)
        if link.held is None:
            link.broker.close()

    async def _downwards(self, reader: asyncio.StreamReader, link: Link) -> None:
        await flow(self._to_client(reader, link), link.down)
        link.drop(reset=False)

    async def _to_broker(self, reader: asyncio.StreamReader, link: Link) -> None:
        while True:
            frame = await next_frame(reader)
            kind = struct.unpack_from(">h", frame, 4)[0]
            self.seen[kind] = self.seen.get(kind, 0) + 1
            if kind == self._armed:
                self._armed, link.held = None, struct.unpack_from(">i", frame, 8)[0]
                self._held.append((link, frame))
                link.drop(reset=self._reset)
                self.holding.set()
                return
            await link.up.put(frame)

    async def _to_client(self, reader: asyncio.StreamReader, link: Link) -> None:
        old = self._broker[0].encode() + struct.pack(">i", self._broker[1])
        new = self.host.encode() + struct.pack(">i", self.port)
        while True:
            frame = await next_frame(reader)
            if link.held is not None:
                # Answers to what was asked before it may still come.
                if struct.unpack_from(">i", frame, 4)[0] == link.held:
                    self.answered.set()
                    return
                continue
            # The broker names itself in its answers; clients must come back here.
            await link.down.put(frame.replace(old, new))

    async def _release(self) -> None:
        held, self._held = self._held, []
        for link, frame in held:
            link.broker.write(frame)
            await link.broker.drain()

    async def _drop_all(self, reset: bool) -> int:
        links = list(self._links)
        for link in links:
            link.drop(reset=reset)
        return len(links)

    async def _heal(self) -> None:
        toxic, self._toxic = self._toxic, Toxic()
        toxic.lift()
        for link in self._links:
            if link.up.lossy or link.down.lossy:
                link.drop(reset=False)


async def next_frame(reader: asyncio.StreamReader) -> bytes:
    """The next request or answer, its length before it. Raises IncompleteReadError at the end."""
    size = await reader.readexactly(4)
    return size + await reader.readexactly(struct.unpack(">i", size)[0])


async def flow(reading: Coroutine[Any, Any, None], pipe: Pipe) -> None:
    """Has everything that is read pass through the pipe, until there is no more."""
    pumping = asyncio.create_task(pipe.run())
    with suppress(ConnectionError, asyncio.IncompleteReadError):
        await reading
    await pipe.end()
    await pumping
