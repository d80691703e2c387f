"""Recording golden histories: what is missing is written, what is there never is."""

import json
from pathlib import Path

import pytest
from typer import Typer
from typer.testing import CliRunner

from sagas.catalogue import Catalogue
from sagas.compile import compile_saga
from sagas.errors import HistoryError
from sagas.flow import pivot, seq
from sagas.policy import Kind
from sagas.testing.golden import Refused, main, record
from sagas.testing.goldens import GoldenBroken, check_golden, events_of, read_golden
from sagas.testing.replay import replay
from tests.saga_definitions import add_step, new_saga

RECIPE = {"start": {"order": "o-1"}, "replies": {"reserve": {"payload": {"$bytes": "YQ=="}}}}
REPLIES = {name: {"payload": {"$bytes": "YQ=="}} for name in ("reserve", "charge", "send")}


def catalogue(*more: str) -> Catalogue:
    """One saga; `more` steps make it another one."""
    saga = new_saga()
    steps = [add_step(saga, name) for name in ("reserve", *more)]
    charge, send = add_step(saga, "charge", Kind.PIVOT), add_step(saga, "send", Kind.RETRIABLE)
    saga.flow = seq(*steps, pivot(charge), send)
    return Catalogue([compile_saga(saga)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A version's folder with its recipe."""
    made = tmp_path / "order" / "v1"
    made.mkdir(parents=True)
    (made / "recipe.json").write_text(json.dumps({"start": {"order": "o-1"}, "replies": REPLIES}))
    return made


def test_every_scenario_is_recorded_once(folder: Path) -> None:
    made = record(folder, catalogue())
    names = {path.stem for path in made}
    assert names == {
        "cancelled", "charge-rejected", "charge-unanswered", "completed", "reserve-rejected", "reserve-unanswered",
        "send-stalled", "send-unanswered", "undo-of-reserve-stalled",
    }  # fmt: skip
    with pytest.raises(Refused, match="has all of its histories, and none is written again"):
        record(folder, catalogue())
    (folder / "completed.jsonl").unlink()
    assert record(folder, catalogue()) == [folder / "completed.jsonl"]


def test_what_was_recorded_is_led_again(folder: Path) -> None:
    for path in record(folder, catalogue()):
        check_golden(path, catalogue())
        _, lines = read_golden(path)
        assert replay(events_of(lines), next(iter(catalogue()))) is None


def test_a_definition_that_was_changed_is_found_out(folder: Path) -> None:
    record(folder, catalogue())
    with pytest.raises(GoldenBroken, match="was released with another definition: give the changed one a new version"):
        check_golden(folder / "completed.jsonl", catalogue("check"))


def test_an_engine_that_does_otherwise_is_found_out(folder: Path) -> None:
    """Another interpreter gives other hashes; then the histories themselves are compared."""
    record(folder, catalogue())
    path = folder / "completed.jsonl"
    head, *lines = path.read_text().splitlines()
    path.write_text("\n".join([json.dumps({**json.loads(head), "python": "3.0"}), *lines]))
    check_golden(path, catalogue())
    with pytest.raises(GoldenBroken, match=r"line 3, after .*: step_sent charge: step was 'charge', and is 'check'"):
        check_golden(path, catalogue("check"))


def test_a_command_that_says_something_else_is_found_out(folder: Path) -> None:
    record(folder, catalogue())
    path = folder / "completed.jsonl"
    path.write_text(path.read_text().replace('"attempt":1,"deadline_ms"', '"attempt":7,"deadline_ms"', 1))
    with pytest.raises(GoldenBroken, match="send: send was"):
        check_golden(path, catalogue())


def test_a_version_that_is_gone_is_found_out(folder: Path) -> None:
    record(folder, catalogue())
    with pytest.raises(GoldenBroken, match="was released, and is not in the catalogue: sagas of it may still run"):
        check_golden(folder / "completed.jsonl", Catalogue())


def test_folders_that_name_no_version_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="name it <saga>/v<version>"):
        record(tmp_path, catalogue())
    with pytest.raises(Refused, match="there is no saga 'order' here"):
        record(folder, Catalogue())


def test_a_recipe_that_is_none_is_refused(folder: Path) -> None:
    (folder / "recipe.json").write_text('{"begin": {}}')
    with pytest.raises(HistoryError, match=r"recipe.json is no recipe: (?s:.*)start"):
        record(folder, catalogue())


def test_the_command_says_what_is_wrong_and_ends_with_2(tmp_path: Path) -> None:
    app = Typer()
    app.command()(main)
    result = CliRunner().invoke(app, [str(tmp_path / "v1")])
    assert result.exit_code == 2
    assert "there is no saga" in result.stderr
