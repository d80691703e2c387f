"""A network of its own between this machine and itself, whose packets a trial loses, delays, doubles and disorders.

What `tc netem` does, for kernels without it: two tun devices, one of them in a network namespace, and a thread that
carries packets from one to the other. A socket that listens in the namespace is reached over it alone. Needs root.
"""

import ctypes
import fcntl
import heapq
import os
import select
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, Self

TUN = Path("/dev/net/tun")
CLONE_NEWNET = 0x40000000
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
SET_ADDRESS, SET_PEER, SET_FLAGS, IFF_UP = 0x8916, 0x8918, 0x8914, 0x1
LARGEST = 65_536
IDLE_SECONDS = 0.05
BACKLOG = 128


@dataclass(frozen=True, slots=True)
class Weather:
    """What becomes of packets, in both directions: shares that are lost or come twice, seconds that they take.

    With `jitter` each is late by another time up to it, so that they overtake one another.
    """

    loss: float = 0.0
    doubled: float = 0.0
    jitter: float = 0.0

    def arrivals(self, random: Random) -> list[float]:
        """After how many seconds a packet arrives, each time that it does."""
        if random.random() < self.loss:
            return []
        times = 2 if random.random() < self.doubled else 1
        return [random.uniform(0.0, self.jitter) for _ in range(times)]


FAIR = Weather()


class Packets:
    """The network while its context lasts; `listening` is a socket at `host`, on its other side."""

    def __init__(self, random: Random) -> None:
        self._random = random
        network = random.randrange(60, 100)
        # As long as 127.0.0.1: a proxy that puts it into Kafka's answers must not change their length.
        self._near, self.host = f"10.{network}.0.1", f"10.{network}.0.2"
        self.weather = FAIR
        self.lost = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._carry, name="packets", daemon=True)

    def __enter__(self) -> Self:
        self._ends = (tun(self._near, self.host), self._far_end())
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join(10)
        self.listening.close()
        for end in self._ends:
            os.close(end)

    def _far_end(self) -> int:
        made: list[Any] = []

        def make() -> None:
            made.extend(in_new_network(lambda: (tun(self.host, self._near), listener(self.host))))

        # The namespace is a thread's own; what was opened in it stays there when the thread has ended.
        thread = threading.Thread(target=make)
        thread.start()
        thread.join()
        if not made:
            raise OSError("no network namespace or tun device could be made here")
        end, self.listening = made
        return int(end)

    def _carry(self) -> None:
        under_way: list[tuple[float, int, int, bytes]] = []
        numbers = count()
        other = dict(zip(self._ends, reversed(self._ends), strict=True))
        while not self._stopping.is_set():
            pause = max(0.0, under_way[0][0] - time.monotonic()) if under_way else IDLE_SECONDS
            for end in select.select(self._ends, [], [], min(pause, IDLE_SECONDS))[0]:
                packet, now = os.read(end, LARGEST), time.monotonic()
                arrivals = self.weather.arrivals(self._random)
                self.lost += not arrivals
                for late in arrivals:
                    heapq.heappush(under_way, (now + late, next(numbers), other[end], packet))
            while under_way and under_way[0][0] <= time.monotonic():
                _, _, end, packet = heapq.heappop(under_way)
                os.write(end, packet)


def in_new_network(make: Callable[[], tuple[int, socket.socket]]) -> tuple[int, socket.socket]:
    """What `make` returns, made in a network namespace of this thread's own. Raises OSError."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return make()


def tun(address: str, peer: str) -> int:
    """A device that speaks IP with whoever reads and writes the descriptor; it is gone when that is closed."""
    descriptor = os.open(TUN, os.O_RDWR | os.O_CLOEXEC)
    request = fcntl.ioctl(descriptor, TUNSETIFF, struct.pack("16sH22x", b"sluicegate%d", IFF_TUN | IFF_NO_PI))
    name = request[:16]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for what, where in ((SET_ADDRESS, address), (SET_PEER, peer)):
            family = struct.pack("HH4s8x", socket.AF_INET, 0, socket.inet_aton(where))
            fcntl.ioctl(control, what, name + family)
        fcntl.ioctl(control, SET_FLAGS, name + struct.pack("H14x", IFF_UP))
    return descriptor


def listener(host: str) -> socket.socket:
    """A socket that listens there, on any port."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.bind((host, 0))
    listening.listen(BACKLOG)
    return listening
