"""The messages between a supervisor and its zygote: one JSON object to a packet, over a Unix socket."""

import json
import socket
from dataclasses import asdict, dataclass, field
from typing import Any

LIMIT = 131_072


@dataclass(frozen=True, slots=True)
class Order:
    """Supervisor to zygote: fork a worker that calls `entry` (`module:function`) with `arguments`."""

    slot: int
    entry: str
    log: str
    arguments: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ready:
    """Zygote to supervisor: everything is imported; a sound zygote has one thread."""

    threads: int


@dataclass(frozen=True, slots=True)
class Started:
    """Zygote to supervisor: the slot's worker has this pid."""

    slot: int
    pid: int


@dataclass(frozen=True, slots=True)
class Ended:
    """Zygote to supervisor: this worker ended; the code is negative for death by a signal."""

    pid: int
    code: int


Message = Order | Ready | Started | Ended
KINDS: dict[str, type[Message]] = {kind.__name__: kind for kind in (Order, Ready, Started, Ended)}


class Channel:
    """One end of the socket."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection

    @staticmethod
    def pair() -> tuple["Channel", "Channel"]:
        """Both ends; packets keep their borders."""
        one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        return Channel(one), Channel(other)

    def fileno(self) -> int:
        """For select."""
        return self.connection.fileno()

    def send(self, message: Message) -> None:
        """Sends one message; raises OSError (BrokenPipeError) when the other end is gone."""
        packet = json.dumps([type(message).__name__, asdict(message)]).encode()
        if len(packet) > LIMIT:
            raise ValueError(f"message of {len(packet)} bytes to a worker: at most {LIMIT}; set less environment")
        self.connection.send(packet)

    def receive(self) -> Message | None:
        """Waits for one message; None when the other end is gone."""
        try:
            packet = self.connection.recv(LIMIT)
        except ConnectionError:
            return None
        if not packet:
            return None
        kind, values = json.loads(packet)
        return KINDS[kind](**values)

    def close(self) -> None:
        """Closes this end."""
        self.connection.close()
