"""Pages keep what was written to them, whether they were in memory or on a shelf, and no more of them are in memory."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from streams.verification.budget import Budget
from streams.verification.pages import ANSWERED, BYTES, REQUEST, SIZE, Page, Pages
from streams.verification.shelf import FileShelf
from tests.unit.streams.verification.history import DictShelf

WRITES = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 5 * SIZE), st.sampled_from([REQUEST, ANSWERED])))


@given(WRITES, st.integers(1, 4), st.booleans())
def test_pages_are_a_map_however_few_are_in_memory(
    writes: list[tuple[int, int, int]], most: int, on_disk: bool
) -> None:
    with FileShelf() as shelf:
        pages = Pages(most, shelf if on_disk else DictShelf())
        model: dict[tuple[int, int], int] = {}
        for partition, offset, flags in writes:
            pages.at(partition, offset).flags[offset % SIZE] |= flags
            pages.at(partition, offset).ids[offset % SIZE] = offset
            model[partition, offset] = model.get((partition, offset), 0) | flags
            assert pages.held <= most
        for (partition, offset), flags in model.items():
            page = pages.at(partition, offset)
            assert (page.flags[offset % SIZE], page.ids[offset % SIZE]) == (flags, offset)
        for partition in range(3):
            wanted = sorted(at for (one, at), flags in model.items() if one == partition and flags == REQUEST)
            assert [at for at, _, _ in pages.open(partition, 0, 6 * SIZE)] == wanted


def test_only_the_offsets_asked_for_are_open() -> None:
    pages = Pages(9, DictShelf())
    for offset in range(3):
        pages.at(0, offset).flags[offset] = REQUEST
    assert [at for at, _, _ in pages.open(0, 1, 2)] == [1]


def test_a_page_has_the_size_that_the_budget_counts_with() -> None:
    assert len(Page().pack()) == BYTES
    assert Budget.of(16).pages * BYTES <= 8 * 1_048_576


def test_a_shelf_has_only_what_was_put(tmp_path: Path) -> None:
    with FileShelf(tmp_path) as shelf:
        assert shelf.get(1) is None
        shelf.put(1, bytes(BYTES))
        shelf.put(2, b"\1" * BYTES)
        shelf.put(1, b"\2" * BYTES)
        assert (shelf.get(1), shelf.get(2)) == (b"\2" * BYTES, b"\1" * BYTES)
    assert list(tmp_path.iterdir()) == []
