"""A record as no client library would write it: header names of any bytes, straight to the one broker that there is."""

import socket
import struct
import time
from collections.abc import Sequence

from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy

PRODUCE, VERSION, NUMBER, ALL = 0, 3, 7, -1


class Name(str):
    """A header's name whose bytes are none of a text's."""

    raw: bytes

    def encode(self, *_: object) -> bytes:
        return self.raw


def named(raw: bytes) -> Name:
    """The name with these bytes."""
    name = Name("x")
    name.raw = raw
    return name


def write(bootstrap: str, topic: str, value: bytes, headers: Sequence[tuple[bytes, bytes]]) -> str:
    """Writes the record to partition 0, and waits; where it is. Raises AssertionError if the broker refuses it."""
    builder = _DefaultRecordBatchBuilderPy(2, 0, False, -1, -1, -1, 1 << 20)
    builder.append(0, time.time_ns() // 1_000_000, b"key", value, [(named(raw), text) for raw, text in headers])
    batch = bytes(builder.build())
    body = struct.pack(">hhi", PRODUCE, VERSION, NUMBER) + _text("raw") + struct.pack(">hhii", -1, ALL, 10_000, 1)
    body += _text(topic) + struct.pack(">iii", 1, 0, len(batch)) + batch
    host, _, port = bootstrap.partition(":")
    with socket.create_connection((host, int(port)), 10) as broker:
        broker.sendall(struct.pack(">i", len(body)) + body)
        with broker.makefile("rb") as answers:
            answer = answers.read(struct.unpack(">i", answers.read(4))[0])
    at = 4 + 4 + 2 + len(topic) + 4
    partition, error, offset = struct.unpack_from(">ihq", answer, at)
    assert (partition, error) == (0, 0), f"the broker answered error {error}"
    return f"{topic}:0:{offset}"


def _text(value: str) -> bytes:
    return struct.pack(">h", len(value)) + value.encode()
