"""Keys and paths are identities: stable, and different for everything else."""

import uuid

import pytest

from sagas.instance import Direction
from sagas.keys import step_key
from sagas.paths import item_path, split_path


def test_a_key_is_a_uuid_of_version_5() -> None:
    key = uuid.UUID(step_key("one", 1, "a", Direction.FORWARD))
    assert (key.version, key.variant) == (5, uuid.RFC_4122)
    assert str(key) == step_key("one", 1, "a", Direction.FORWARD)


def test_a_key_never_changes() -> None:
    assert step_key("one", 1, "a", Direction.FORWARD) == "8117ec6d-bbf6-5361-8d71-ef33db75e3cf"


def test_whatever_differs_gives_another_key() -> None:
    keys = {
        step_key(saga, run, path, direction)
        for saga in ("one", "two", "one\n1")
        for run in (1, 11)
        for path in ("a", "a[0]", "a[1]", "b")
        for direction in Direction
    }
    assert len(keys) == 3 * 2 * 4 * 2


@pytest.mark.parametrize("index", [0, 7, 12_345])
def test_a_path_of_an_item_can_be_read(index: int) -> None:
    assert split_path(item_path("each", index)) == ("each", index)


@pytest.mark.parametrize("path", ["each", "each[]", "each[-1]", "each[01]", "each[x]", "each[1", "each[²]", ""])
def test_what_is_no_item_is_no_step_either(path: str) -> None:
    assert split_path(path) == (path, None)
