"""Golden histories: what sagas of released versions did, every later engine and definition must do again."""

from pathlib import Path

import pytest

from sagas.catalogue import discover
from sagas.fold import fold
from sagas.testing.goldens import RECIPE, check_golden, events_of, read_golden
from sagas.testing.recipe import Recipe
from sagas.testing.replay import replay
from sagas.testing.scenarios import scenarios

FOLDER = Path(__file__).parent.parent.parent / "goldens" / "sagas"
GOLDENS = sorted(FOLDER.glob("*/v*/*.jsonl"))


@pytest.mark.parametrize("path", GOLDENS, ids=lambda path: str(path.relative_to(FOLDER)))
def test_a_released_saga_does_what_it_did(path: Path) -> None:
    check_golden(path, discover())
    head, lines = read_golden(path)
    events = events_of(lines)
    compiled = discover().find(head["saga"], head["version"])
    assert compiled is not None
    assert replay(events, compiled) is None
    fold(events)


def test_every_version_in_the_catalogue_has_its_golden_histories() -> None:
    for compiled in discover():
        folder = FOLDER / compiled.name / f"v{compiled.version}"
        assert Recipe.read(folder / RECIPE)
        recorded = {path.stem for path in folder.glob("*.jsonl")}
        missing = set(scenarios(compiled)) - recorded
        cure = f"python -m sagas.testing.golden {folder.relative_to(FOLDER.parent.parent.parent)}"
        assert not missing, f"{compiled.name} version {compiled.version} lacks {sorted(missing)}: {cure}"


def test_every_golden_history_is_of_a_version_in_the_catalogue() -> None:
    known = {f"{compiled.name}/v{compiled.version}" for compiled in discover()}
    assert {str(path.parent.relative_to(FOLDER)) for path in GOLDENS} == known
