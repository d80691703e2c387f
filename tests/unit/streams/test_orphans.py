"""Partitions that the group gave to nobody, and who joins anew for them."""

from streams.orphans import orphans, volunteer

PLACES = [("asked", number) for number in range(4)]


def test_what_no_member_has_is_found() -> None:
    members = {"a": {("asked", 0)}, "b": {("asked", 2), ("other", 3)}}
    assert orphans(PLACES, members) == {("asked", 1), ("asked", 3)}
    assert orphans(PLACES, {"a": set(PLACES)}) == set()


def test_who_has_the_least_to_lose_volunteers_and_all_agree() -> None:
    assert volunteer({"c": {("asked", 0)}, "b": set(), "a": set()}) == "a"
    assert volunteer({"b": {("asked", 0)}, "a": {("asked", 1), ("asked", 2)}}) == "b"
    assert volunteer({}) is None
