"""What three nodes share, and what they don't."""

from pathlib import Path

import pytest

from streams.proof.cluster import coordinated_by, copy_formatted, replicated


@pytest.mark.parametrize(
    ("identity", "partition"),
    # Java's own: 99162322, and the name whose hash has no absolute value
    [("hello", 99_162_322 % 50), ("polygenelubricants", 0), ("", 0), ("ä", 228 % 50)],
)
def test_an_identity_s_partition_is_java_s(identity: str, partition: int) -> None:
    assert coordinated_by(identity, 50) == partition


def test_a_hash_below_zero_counts_from_zero_as_well() -> None:
    # Java: "lane-echo-7".hashCode() is negative for some; whichever they are, there are no other partitions
    assert {coordinated_by(f"lane-{number}", 8) for number in range(200)} == set(range(8))


def test_a_copied_directory_is_of_the_same_cluster_and_of_another_node(tmp_path: Path) -> None:
    source = tmp_path / "one"
    source.mkdir()
    text = "#\n#Sat Nov 21\ncluster.id=c\ndirectory.id=d\nnode.id=1\nversion=1\n"
    (source / "meta.properties").write_text(text)
    (source / "bootstrap.checkpoint").write_bytes(b"x")
    copy_formatted(source, tmp_path / "two", 2, lambda: "e")
    assert (tmp_path / "two/meta.properties").read_text() == "cluster.id=c\ndirectory.id=e\nnode.id=2\nversion=1\n"
    assert (tmp_path / "two/bootstrap.checkpoint").read_bytes() == b"x"


def test_two_of_three_replicas_must_have_a_record() -> None:
    said = replicated(2, "1@a:1,2@a:2,3@a:3")
    assert said["node.id"] == "2"
    assert {said["min.insync.replicas"], said["transaction.state.log.min.isr"]} == {"2"}
    assert {said["offsets.topic.replication.factor"], said["transaction.state.log.replication.factor"]} == {"3"}
