"""The lists of guards fit the code, the documents and the tests; `make mutants` sees whether the tests notice."""

import re
from pathlib import Path

import pytest

from tests.mutants.guard import Guard, WrongGuard, load
from tests.mutants.page import PAGE, written
from tests.mutants.progress import Progress, Tried
from tests.mutants.trial import verdict

ROOT = Path(__file__).parents[3]
GUARDS = load()


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_a_guard_is_in_the_code_in_a_document_and_has_a_test(guard: Guard) -> None:
    source = (ROOT / guard.file).read_text()
    removed = guard.removed(source)
    assert removed != source
    compile(removed, guard.file, "exec")
    assert guard.says in re.sub(r"\s+", " ", (ROOT / guard.page).read_text().replace("\n> ", " "))
    path, _, function = guard.test.partition("::")
    text = (ROOT / path).read_text()
    assert not function or f"def {function}(" in text


def test_there_are_guards_of_every_kind() -> None:
    assert len(GUARDS) >= 100
    assert sum(guard.stack for guard in GUARDS) <= 10, "they take minutes: most guards have a test without a Kafka"


def test_the_page_lists_them() -> None:
    page = (ROOT / PAGE).read_text()
    assert page == written(page, GUARDS), "run `python -m tests.mutants --report`"


def test_a_page_without_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="has no markers"):
        written("nothing here", GUARDS)


def one(**changes: str) -> Guard:
    return Guard(**{**dict.fromkeys(("name", "page", "says", "file", "test"), "x"), "old": "a", "new": "b", **changes})


@pytest.mark.parametrize("source", ["", "a a"])
def test_a_text_that_is_not_there_exactly_once_is_an_error(source: str) -> None:
    with pytest.raises(WrongGuard, match="times in x"):
        one().removed(source)


def test_a_list_that_lacks_something_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "1.toml").write_text('[[guard]]\nname = "x"\nmore = 1\n')
    with pytest.raises(WrongGuard, match=r"lacks .*'says'.*, knows no .'more'"):
        load(tmp_path)


def test_twins_are_an_error(tmp_path: Path) -> None:
    entry = '[[guard]]\nname = "x"\npage = ""\nsays = ""\nfile = ""\nold = ""\nnew = ""\ntest = ""\n'
    (tmp_path / "1.toml").write_text(entry * 2)
    with pytest.raises(WrongGuard, match="more than one guard is named x"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("code", "said", "green", "red"),
    [
        (0, "1 passed", True, False),
        (1, "FAILED tests/a.py::test_b[1] - assert 1 == 2", False, True),
        (1, "FAILED tests/a.py::test_b", False, True),
        (1, "FAILED tests/a.py::test_b[a text - 'x' of words] - assert 1", False, True),
        (1, "ERROR tests/a.py::test_b - no Kafka", False, False),
        (2, "ERROR tests/a.py - ImportError", False, False),
        (4, "ERROR: not found: tests/a.py::test_c", False, False),
        (5, "no tests ran", False, False),
        (-11, "", False, True),
    ],
)
def test_only_a_test_that_ran_and_failed_is_red(code: int, said: str, green: bool, red: bool) -> None:
    ran = verdict(code, said, 1.0)
    assert (ran.green, ran.red) == (green, red)
    assert bool(ran.trouble) == (not green and not red)


def test_progress_is_kept_for_the_same_code_alone(tmp_path: Path) -> None:
    path, caught = tmp_path / "kept" / "mutants.json", Tried("x", "tests/a.py::test_b", 1.0)
    first = Progress(path, {"x": "code", "y": "code"})
    first.add(caught)
    first.add(Tried("y", None, 1.0, "no test turned red"))
    assert Progress(path, {"x": "code", "y": "code"}).tried == {"x": caught}
    assert Progress(path, {"x": "other code", "y": "code"}).tried == {}
    assert Progress(path, {}).tried == {}
