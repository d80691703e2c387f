"""What a bad network does to the bytes of a connection. Names and units are toxiproxy's, where it has the same."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from random import Random

Write = Callable[[bytes], Awaitable[None]]

QUEUE_FRAMES = 256
SLICE_SECONDS = 0.05


class Toxic:
    """The healthy network: bytes pass as they come. `passes` is False for one that loses bytes."""

    passes = True

    async def let(self, data: bytes, arrived: float, write: Write) -> None:
        """Passes bytes on that came at a moment (the loop's seconds)."""
        await write(data)

    def lift(self) -> None:
        """It is over."""


@dataclass
class Latency(Toxic):
    """Everything comes later, by `latency` ± `jitter` milliseconds, in order and without less throughput."""

    latency: float
    jitter: float = 0.0
    random: Random = field(default_factory=Random)

    async def let(self, data: bytes, arrived: float, write: Write) -> None:
        late = (self.latency + self.random.uniform(-self.jitter, self.jitter)) / 1_000
        await asyncio.sleep(arrived + late - asyncio.get_running_loop().time())
        await write(data)


@dataclass
class Bandwidth(Toxic):
    """No more than `rate` kilobytes a second pass, for each connection and direction."""

    rate: float

    async def let(self, data: bytes, arrived: float, write: Write) -> None:
        for piece in pieces(data, lambda: int(self.rate * 1_000 * SLICE_SECONDS)):
            await asyncio.sleep(len(piece) / (self.rate * 1_000))
            await write(piece)


@dataclass
class Slicer(Toxic):
    """Bytes come in pieces of `average_size` ± `size_variation`, `delay` microseconds apart."""

    average_size: int
    size_variation: int = 0
    delay: float = 0.0
    random: Random = field(default_factory=Random)

    async def let(self, data: bytes, arrived: float, write: Write) -> None:
        for piece in pieces(data, self._size):
            await write(piece)
            await asyncio.sleep(self.delay / 1_000_000)

    def _size(self) -> int:
        return self.average_size + self.random.randint(-self.size_variation, self.size_variation)


class Timeout(Toxic):
    """Nothing passes, and what was sent is lost: the connection closes when it is over."""

    passes = False

    async def let(self, data: bytes, arrived: float, write: Write) -> None:
        pass


class Stall(Toxic):
    """Nothing passes until it is over; then everything that was sent arrives late, as TCP has it after a partition."""

    def __init__(self) -> None:
        self._over = asyncio.Event()

    async def let(self, data: bytes, arrived: float, write: Write) -> None:
        await self._over.wait()
        await write(data)

    def lift(self) -> None:
        self._over.set()


def pieces(data: bytes, size: Callable[[], int]) -> Iterator[bytes]:
    """The bytes in pieces of these sizes, one at least each."""
    start = 0
    while start < len(data):
        end = start + max(1, size())
        yield data[start:end]
        start = end


class Pipe:
    """One direction of a connection: bytes go in as they come, and out as the toxic of the moment lets them.

    `lossy` once bytes of it were lost.
    """

    def __init__(self, writer: asyncio.StreamWriter, toxic: Callable[[], Toxic]) -> None:
        self._writer, self._toxic = writer, toxic
        self._queue: asyncio.Queue[tuple[bytes, float] | None] = asyncio.Queue(QUEUE_FRAMES)
        self._ended = False
        self.lossy = False

    async def put(self, data: bytes) -> None:
        """Takes bytes; waits while too many are under way. Where nobody takes them any more, they are gone."""
        if not self._ended:
            await self._queue.put((data, asyncio.get_running_loop().time()))

    async def end(self) -> None:
        """No more bytes will come."""
        if not self._ended:
            await self._queue.put(None)

    async def run(self) -> None:
        """Passes bytes on until the end has come and everything before it has passed, or the other side is gone."""
        try:
            while (item := await self._queue.get()) is not None:
                toxic = self._toxic()
                self.lossy = self.lossy or not toxic.passes
                if not self.lossy:
                    await toxic.let(*item, self._write)
        except ConnectionError:
            self.lossy = True
        finally:
            self._ended = True
            while not self._queue.empty():
                self._queue.get_nowait()

    async def _write(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()
