from uuid import UUID

from streams.stack.kafka import cluster_id


def test_no_cluster_id_begins_like_an_option() -> None:
    drawn = iter([UUID(bytes=b"\xf8" + bytes(15)), UUID(bytes=b"\xfb" + bytes(15)), UUID(bytes=b"\x01" + bytes(15))])
    assert cluster_id(lambda: next(drawn)) == "AQAAAAAAAAAAAAAAAAAAAA"
