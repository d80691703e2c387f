"""Messages between a worker and its host: whole, however the stream is cut, and shared when they are large."""

import os
import pickle
from pathlib import Path
from typing import Any

import pytest

from processors.host.frame import SHARED_FROM_BYTES, Decoder, Frame, encode


def received(frames: list[Frame], cut: int) -> list[Any]:
    """What a decoder makes of frames whose bytes come in pieces of `cut`."""
    decoder, messages = Decoder(), []
    for frame in frames:
        data = b"".join(frame.chunks)
        descriptors = [os.dup(frame.descriptor)] if frame.descriptor is not None else []
        frame.close()
        for begin in range(0, len(data), cut):
            messages += list(decoder.feed(data[begin : begin + cut], descriptors if begin == 0 else []))
    return messages


MESSAGES = [
    None,
    {"a": [1, "b"]},
    [pickle.PickleBuffer(bytearray(b"x" * 100)), pickle.PickleBuffer(bytearray(b""))],
    b"y" * SHARED_FROM_BYTES,
    [pickle.PickleBuffer(bytearray(b"z" * SHARED_FROM_BYTES))] * 3,
]


def plain(message: Any) -> Any:
    if isinstance(message, list):
        return [plain(item) for item in message]
    return bytes(message) if isinstance(message, pickle.PickleBuffer | memoryview | bytearray) else message


@pytest.mark.parametrize("cut", [1, 7, 1 << 20])
def test_messages_come_out_whole_and_in_order_however_the_stream_is_cut(cut: int) -> None:
    messages = received([encode(message) for message in MESSAGES], cut)
    assert [plain(message) for message in messages] == [plain(message) for message in MESSAGES]


def test_small_messages_go_through_the_socket_and_large_ones_beside_it() -> None:
    small, large = encode(b"x" * (SHARED_FROM_BYTES // 2)), encode(b"x" * SHARED_FROM_BYTES)
    assert small.descriptor is None
    assert large.descriptor is not None
    assert sum(map(len, large.chunks)) < 100
    large.close()
    large.close()


def test_buffers_that_are_received_can_be_written_to() -> None:
    for size in (10, SHARED_FROM_BYTES):
        ((buffer,),) = received([encode([pickle.PickleBuffer(bytearray(size))])], 1 << 20)
        memoryview(buffer)[0] = 1


def test_more_buffers_than_one_system_call_takes_are_all_shared() -> None:
    parts = [bytes([number % 256]) * 100 for number in range(3_000)]
    (message,) = received([encode([pickle.PickleBuffer(bytearray(part)) for part in parts])], 1 << 20)
    assert [bytes(part) for part in message] == parts


def test_shared_memory_has_no_name_and_no_descriptor_is_left() -> None:
    before = len(list(Path("/proc/self/fd").iterdir())), set(Path("/dev/shm").iterdir())
    received([encode(message) for message in MESSAGES * 10], 1 << 20)
    assert (len(list(Path("/proc/self/fd").iterdir())), set(Path("/dev/shm").iterdir())) == before


def test_a_decoder_that_is_closed_early_lets_go_of_its_descriptors() -> None:
    frame, decoder = encode(b"x" * SHARED_FROM_BYTES), Decoder()
    before = len(list(Path("/proc/self/fd").iterdir()))
    assert frame.descriptor is not None
    assert list(decoder.feed(b"".join(frame.chunks)[:3], [os.dup(frame.descriptor)])) == []
    decoder.close()
    frame.close()
    assert len(list(Path("/proc/self/fd").iterdir())) == before - 1
