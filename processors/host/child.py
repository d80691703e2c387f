"""The host process: loads a processor, then prepares, computes and finishes batches, each stage in a thread of its own.

Started by the worker as `python -m processors.host.child <socket> <worker's process id>`. It imports the processor and
nothing of the worker.
"""

import os
import socket
import sys
import threading
from typing import Any

from processors.host import guard
from processors.host.frame import Decoder, encode
from processors.host.messages import Begin, Ready, Refused
from processors.host.stages import Stages
from processors.loading import load_processor, load_wire
from schemas.errors import Misconfigured

_RECEIVE_BYTES = 1 << 18
_SWITCH_SECONDS = 0.0005


class Channel:
    """The child's end of the socket. Reads from one thread; writes from any. The worker's end means the end of all."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._decoder = Decoder()
        self._waiting: list[Any] = []
        self._lock = threading.Lock()

    def receive(self) -> Any:
        """The next message. Blocks; ends the process when the worker is gone."""
        while not self._waiting:
            data, descriptors, _, _ = socket.recv_fds(self._socket, _RECEIVE_BYTES, 16)
            if not data:
                os._exit(0)
            self._waiting = list(self._decoder.feed(data, descriptors))
        return self._waiting.pop(0)

    def send(self, message: Any) -> None:
        """Say something to the worker. Blocks while its buffer is full; ends the process when the worker is gone."""
        frame = encode(message)
        try:
            with self._lock:
                self._send_chunks(frame.chunks, frame.descriptor)
        except (BrokenPipeError, ConnectionResetError):
            os._exit(0)
        finally:
            frame.close()

    def _send_chunks(self, chunks: list[bytes | memoryview], descriptor: int | None) -> None:
        data = memoryview(chunks[0] if len(chunks) == 1 else b"".join(chunks))
        if descriptor is not None:
            data = data[socket.send_fds(self._socket, [data], [descriptor]) :]
        self._socket.sendall(data)


def main() -> None:
    """Serve until the worker says so, or is gone."""
    guard.follow(int(sys.argv[2]))
    sys.setswitchinterval(_SWITCH_SECONDS)
    channel = Channel(socket.socket(fileno=int(sys.argv[1])))
    begin: Begin = channel.receive()
    try:
        processor = load_processor(begin.implementation)(begin.device)
        wire = load_wire(begin.wire)
        processor.load()
        processor.warm()
        channel.send(Ready(processor.describe()))
    except Exception as error:
        channel.send(Refused(f"{type(error).__name__}: {error}", isinstance(error, Misconfigured)))
        sys.exit(1)
    Stages(processor, wire, channel.receive, channel.send).serve()
    processor.unload()


if __name__ == "__main__":
    main()
