"""The group's generation in a record of `__consumer_offsets`."""

import struct

from streams.proof.aftermath import generation


def key(version: int, group: str) -> bytes:
    return struct.pack(">hh", version, len(group)) + group.encode()


def value(number: int, kind: bytes = b"consumer") -> bytes:
    return struct.pack(">hh", 3, len(kind)) + kind + struct.pack(">i", number) + b"the rest"


def test_it_is_read_from_the_records_of_the_group_alone() -> None:
    assert generation(key(2, "lane"), value(17), "lane") == 17
    assert generation(key(2, "other"), value(17), "lane") == 0
    assert generation(key(1, "lane"), value(17), "lane") == 0
    assert generation(key(2, "lane"), None, "lane") == 0
    assert generation(None, value(1), "lane") == 0


def test_a_group_without_a_protocol_has_one_too() -> None:
    assert generation(key(2, "lane"), struct.pack(">hhi", 3, -1, 5), "lane") == 5
