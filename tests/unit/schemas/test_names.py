"""Names of topics, subjects and partitions: what the outside world relies on."""

import pytest

from schemas import topics
from schemas.partitioner import murmur2, partition_for
from schemas.subjects import subject


def test_default_names() -> None:
    assert topics.requests_topic("echo") == "sluicegate.echo.requests"
    assert topics.results_topic("echo") == "sluicegate.echo.results"
    assert topics.DEAD_LETTERS == "sluicegate.dead-letters"
    assert subject("t") == "t-value"
    assert subject("t", "a.Started") == "t-a.Started"


@pytest.mark.parametrize("name", ["a", "A.b_c-9", "x" * 249, "..."])
def test_legal_topic_names(name: str) -> None:
    assert topics.name_problem(name) is None


@pytest.mark.parametrize("name", ["", ".", "..", "a b", "a\n", "ü", "x" * 250, "a/b", "a:b"])
def test_illegal_topic_names_are_explained(name: str) -> None:
    assert "no legal topic name" in (topics.name_problem(name) or "")


@pytest.mark.parametrize(
    ("key", "hashed"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_keys_hash_as_in_kafkas_own_tests(key: bytes, hashed: int) -> None:
    assert murmur2(key) == hashed & 0xFFFF_FFFF


def test_a_negative_hash_has_a_partition() -> None:
    assert partition_for(b"21", 7) == (-973932308 & 0x7FFF_FFFF) % 7
    assert {partition_for(str(key).encode(), 4) for key in range(100)} == {0, 1, 2, 3}
