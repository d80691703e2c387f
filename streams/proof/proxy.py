"""A proxy in front of one Kafka broker that knows where a request begins and ends.

It can hold the next request of a kind back while its client's connection is dropped, and let it reach the broker later:
what a network, or a broker's queue, may do to a request whose client has given up on it.
"""

import asyncio
import struct
import threading
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Self

END_TXN = 26
HOST = "127.0.0.1"


@dataclass(slots=True, eq=False)
class Link:
    """One client's connection and its counterpart to the broker."""

    client: asyncio.StreamWriter
    broker: asyncio.StreamWriter
    held: bool = False

    def drop(self, *, reset: bool) -> None:
        """Closes the client's side: in order, or with a reset."""
        if reset:
            self.client.transport.abort()
        else:
            self.client.close()


class FrameProxy:
    """Listens on `port`; runs on a thread of its own while its context lasts. Any thread may call it."""

    def __init__(self, bootstrap: str) -> None:
        host, _, port = bootstrap.rpartition(":")
        self._broker = (host, int(port))
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="proxy", daemon=True)
        self._listening = threading.Event()
        self._armed: int | None = None
        self._reset = False
        self._links: set[Link] = set()
        self._held: list[tuple[Link, bytes]] = []
        self.holding, self.answered = threading.Event(), threading.Event()
        self.seen: dict[int, int] = {}

    @property
    def bootstrap(self) -> str:
        """The address for a client."""
        return f"{HOST}:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._listening.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def hold_next_end(self, *, reset: bool = False) -> None:
        """The next EndTxn stays here, and its client's connection is dropped (`reset`: with a TCP reset)."""
        self.holding.clear()
        self.answered.clear()
        self._reset, self._armed = reset, END_TXN

    def release(self, within: float = 10.0) -> None:
        """Sends what is held to the broker; blocks until the broker has answered it."""
        self._call(self._release())
        assert self.answered.wait(within), "the broker did not answer the late request"

    def drop_all(self, *, reset: bool = False) -> int:
        """Drops every client's connection now; returns how many."""
        return int(self._call(self._drop_all(reset)))

    def _call(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._connected, HOST, 0))
        self.port = server.sockets[0].getsockname()[1]
        self._listening.set()
        self._loop.run_forever()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        broker_reader, broker_writer = await asyncio.open_connection(*self._broker)
        link = Link(writer, broker_writer)
        self._links.add(link)
        try:
            await asyncio.gather(self._to_broker(reader, link), self._to_client(broker_reader, link))
        except (ConnectionError, asyncio.IncompleteReadError):
            link.drop(reset=False)
        finally:
            self._links.discard(link)
            if not link.held:
                broker_writer.close()

    async def _to_broker(self, reader: asyncio.StreamReader, link: Link) -> None:
        while True:
            size = await reader.readexactly(4)
            body = await reader.readexactly(struct.unpack(">i", size)[0])
            kind = struct.unpack_from(">h", body)[0]
            self.seen[kind] = self.seen.get(kind, 0) + 1
            if kind == self._armed:
                self._armed, link.held = None, True
                self._held.append((link, size + body))
                link.drop(reset=self._reset)
                self.holding.set()
                return
            link.broker.write(size + body)
            await link.broker.drain()

    async def _to_client(self, reader: asyncio.StreamReader, link: Link) -> None:
        old = self._broker[0].encode() + struct.pack(">i", self._broker[1])
        new = HOST.encode() + struct.pack(">i", self.port)
        while True:
            size = await reader.readexactly(4)
            body = await reader.readexactly(struct.unpack(">i", size)[0])
            if link.held:
                self.answered.set()
                return
            # The broker names itself in its answers; clients must come back here.
            link.client.write(size + body.replace(old, new))
            await link.client.drain()

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
