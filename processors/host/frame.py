"""One message between a worker and its host: a pickle and its large buffers, through a socket or beside it.

A frame is a head (sizes) and a payload. A payload of 64 KB or more does not go through the socket, but in memory that
both processes map. That memory has no name, only a descriptor which travels with the head, so the kernel frees it when
the last of both is done with it, however they end: there is nothing to unlink.
"""

import mmap
import os
import pickle
import struct
import tempfile
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

SHARED_FROM_BYTES = 64 * 1024
_HEAD = struct.Struct("<?I")
_WRITEV_MOST = 512
_populate = getattr(mmap, "MAP_POPULATE", 0)


@dataclass(slots=True)
class Frame:
    """What to send: `chunks` in order, and with the first of them the descriptor of shared memory, if there is one.

    The sender closes the descriptor once it is sent.
    """

    chunks: list[bytes | memoryview]
    descriptor: int | None

    def close(self) -> None:
        """Let go of the descriptor. May be called twice."""
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None


def encode(message: Any, shared_from: int = SHARED_FROM_BYTES) -> Frame:
    """The frame of a message. Raises what pickle raises for objects that it can't carry, OSError without memory."""
    buffers: list[pickle.PickleBuffer] = []
    pickled = pickle.dumps(message, 5, buffer_callback=buffers.append)
    parts: list[bytes | memoryview] = [pickled, *(buffer.raw() for buffer in buffers)]
    sizes = [len(part) for part in parts]
    shared = sum(sizes) >= shared_from
    head = _HEAD.pack(shared, len(parts)) + struct.pack(f"<{len(parts)}Q", *sizes)
    if shared:
        return Frame([head], _share(parts))
    return Frame([head, *parts], None)


class Decoder:
    """Messages out of a stream of bytes and descriptors, which may be cut anywhere. Belongs to one reader."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._descriptors: deque[int] = deque()

    def feed(self, data: bytes, descriptors: Sequence[int] = ()) -> Iterator[Any]:
        """The messages that are whole with `data`. Read all of them before feeding more."""
        self._buffer += data
        self._descriptors.extend(descriptors)
        while (message := self._take()) is not None:
            yield message[0]

    def close(self) -> None:
        """Let go of descriptors whose messages never came whole."""
        while self._descriptors:
            os.close(self._descriptors.popleft())

    def _take(self) -> tuple[Any] | None:
        if len(self._buffer) < _HEAD.size:
            return None
        shared, count = _HEAD.unpack_from(self._buffer)
        begin = _HEAD.size + 8 * count
        if len(self._buffer) < begin:
            return None
        sizes = struct.unpack_from(f"<{count}Q", self._buffer, _HEAD.size)
        end = begin if shared else begin + sum(sizes)
        if len(self._buffer) < end:
            return None
        payload = self._map(sum(sizes)) if shared else memoryview(self._buffer[begin:end])
        del self._buffer[:end]
        parts = _cut(payload, sizes)
        return (pickle.loads(parts[0], buffers=parts[1:]),)  # noqa: S301  both ends are this program

    def _map(self, size: int) -> memoryview:
        descriptor = self._descriptors.popleft()
        try:
            return memoryview(mmap.mmap(descriptor, size, flags=mmap.MAP_SHARED | _populate))
        finally:
            os.close(descriptor)


def _cut(payload: memoryview, sizes: Sequence[int]) -> list[memoryview]:
    parts, begin = [], 0
    for size in sizes:
        parts.append(payload[begin : begin + size])
        begin += size
    return parts


def _share(parts: list[bytes | memoryview]) -> int:
    descriptor = _nameless_memory()
    try:
        for begin in range(0, len(parts), _WRITEV_MOST):
            _write_all(descriptor, parts[begin : begin + _WRITEV_MOST])
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _write_all(descriptor: int, parts: list[bytes | memoryview]) -> None:
    written = os.writev(descriptor, parts)
    if written == sum(len(part) for part in parts):
        return
    rest = memoryview(b"".join(parts))[written:]
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _nameless_memory() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("sluicegate", os.MFD_CLOEXEC)
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
