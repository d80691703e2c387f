"""The worker's end of a host process: start it, talk to it without blocking, notice its end, kill it."""

import asyncio
import contextlib
import logging
import os
import socket
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from processors.host.frame import Decoder, Frame, encode

log = logging.getLogger(__name__)
_RECEIVE_BYTES = 1 << 18
_RECEIVES_PER_TURN = 8
# Threads of a kernel that wait for each other by spinning take the core from the one they wait for as soon as anything
# else runs there: ten times slower beside a busy broker, and no faster alone.
DEFAULT_ENVIRONMENT = {"OMP_WAIT_POLICY": "PASSIVE", "PYTHONFAULTHANDLER": "1"}


class Link:
    """One host process. All methods belong to the event loop's thread; none blocks.

    `on_message` is called with each message, and `on_end` once, after the last of them, with the exit status as
    subprocess gives it (minus the signal's number).
    """

    def __init__(self, on_message: Callable[[Any], None], on_end: Callable[[int], None]) -> None:
        self._on_message = on_message
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self._decoder = Decoder()
        self._unsent: deque[Frame] = deque()
        ours, theirs = socket.socketpair()
        self._socket = ours
        ours.setblocking(False)
        with theirs:
            self._process = _spawn(theirs)
        self._loop.add_reader(ours.fileno(), self._readable)
        threading.Thread(target=self._wait, name=f"host-{self.pid}", daemon=True).start()

    @property
    def pid(self) -> int:
        """The host's process id."""
        return self._process.pid

    def send(self, message: Any) -> None:
        """Say something to the host, now or when its buffer has room. Raises what pickle raises."""
        self._unsent.append(encode(message))
        if len(self._unsent) == 1:
            self._flush()

    def kill(self) -> None:
        """End the host at once. `on_end` follows."""
        self._process.kill()

    def _flush(self) -> None:
        try:
            while self._unsent:
                self._send_some(self._unsent[0])
                if self._unsent[0].chunks:
                    break
                self._unsent.popleft().close()
        except BlockingIOError:
            pass
        except OSError:  # the host is gone, and its end says so
            self._drop_unsent()
        if self._unsent:
            self._loop.add_writer(self._socket.fileno(), self._flush)
        else:
            self._loop.remove_writer(self._socket.fileno())

    def _send_some(self, frame: Frame) -> None:
        data = memoryview(frame.chunks[0] if len(frame.chunks) == 1 else b"".join(frame.chunks))
        frame.chunks = [data]
        if frame.descriptor is not None:
            sent = socket.send_fds(self._socket, [data], [frame.descriptor])
            frame.close()
        else:
            sent = self._socket.send(data)
        frame.chunks = [data[sent:]] if sent < len(data) else []

    def _readable(self) -> None:
        for _ in range(_RECEIVES_PER_TURN):
            if not self._receive():
                return

    def _receive(self) -> bool:
        try:
            data, descriptors, _, _ = socket.recv_fds(self._socket, _RECEIVE_BYTES, 16)
        except BlockingIOError:
            return False
        except OSError:
            data, descriptors = b"", []
        if not data:
            self._loop.remove_reader(self._socket.fileno())
            self._process.kill()
            return False
        for message in self._decoder.feed(data, descriptors):
            self._on_message(message)
        return True

    def _wait(self) -> None:
        status = self._process.wait()
        with contextlib.suppress(RuntimeError):  # the loop is closed, so nobody waits for the host
            self._loop.call_soon_threadsafe(self._ended, status)

    def _ended(self, status: int) -> None:
        while self._receive():
            pass
        self._loop.remove_reader(self._socket.fileno())
        self._loop.remove_writer(self._socket.fileno())
        self._drop_unsent()
        self._decoder.close()
        self._socket.close()
        self._on_end(status)

    def _drop_unsent(self) -> None:
        while self._unsent:
            self._unsent.popleft().close()


def _spawn(theirs: socket.socket) -> subprocess.Popen[bytes]:
    """Start the host in a session of its own, so that a terminal's Ctrl-C reaches the worker alone."""
    command = [sys.executable, "-P", "-m", "processors.host.child", str(theirs.fileno()), str(os.getpid())]
    path = os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        pass_fds=[theirs.fileno()],
        start_new_session=True,
        env={**DEFAULT_ENVIRONMENT, **os.environ, "PYTHONPATH": path},
    )
