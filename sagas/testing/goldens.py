"""Golden histories: lives of released sagas as files, which every later engine and definition must lead again.

A file is JSON lines: a head, then each transition with its input, its events and what others saw of it.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sagas import values
from sagas.catalogue import Catalogue
from sagas.compiled import Compiled
from sagas.errors import HistoryError
from sagas.events import HistoryEvent
from sagas.invariants import Run, Transition
from sagas.testing.errors import Unexpected
from sagas.testing.forms import Form, effect_form, input_form, input_of
from sagas.testing.harness import SagaHarness
from sagas.testing.history_file import event_form, event_of
from sagas.testing.recipe import Recipe
from sagas.testing.recorder import Recorder
from sagas.testing.scenarios import scenarios

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
_NOT_COMPARED = ("reason", "hash")
SUFFIX = ".jsonl"
RECIPE = "recipe.json"


class GoldenBroken(AssertionError):
    """A released saga would not go the way it went."""


def lives(compiled: Compiled, recipe: Recipe) -> Iterator[tuple[str, list[Form]]]:
    """Every scenario of a definition, played; each with the lines of its file."""
    for name, scenario in scenarios(compiled).items():
        harness = SagaHarness(compiled)
        harness.start(values.dumps(dict(recipe.start)), actor="ada")
        scenario(harness, recipe)
        if harness.saga is not None and not harness.saga.ended:
            raise Unexpected(f"scenario {name} has no end: {harness.told()}")
        yield name, lines_of(compiled, name, harness.run)


def lines_of(compiled: Compiled, scenario: str, run: Run) -> list[Form]:
    """A life as a golden file has it."""
    head = {
        "saga": compiled.name, "version": compiled.version, "hash": compiled.hash, "python": PYTHON,
        "scenario": scenario, "saga_id": run.saga_id,
    }  # fmt: skip
    return [head, *(_line(transition) for transition in run.transitions)]


def write_golden(path: Path, lines: list[Form]) -> None:
    """A new file. Raises FileExistsError: what was released does not change."""
    with path.open("xb") as file:
        file.writelines(values.dumps(line) + b"\n" for line in lines)


def read_golden(path: Path) -> tuple[Form, list[Form]]:
    """The head and the transitions of a file; raises OSError, HistoryError."""
    try:
        head, *lines = [values.loads(line) for line in path.read_bytes().splitlines()]
    except ValueError as error:
        raise HistoryError(f"{path} is no golden history: {error}") from error
    return head, lines


def events_of(lines: list[Form]) -> list[HistoryEvent]:
    """The history that a golden file tells."""
    return [event_of(form) for line in lines for form in line["events"]]


def check_golden(path: Path, catalogue: Catalogue) -> None:
    """Leads the life again, input by input; raises GoldenBroken for the first difference, InvariantBroken."""
    head, lines = read_golden(path)
    compiled = catalogue.find(head["saga"], head["version"])
    place = f"{path.name}: {head['saga']} version {head['version']}"
    if compiled is None:
        raise GoldenBroken(f"{place} was released, and is not in the catalogue: sagas of it may still run")
    if head["python"] == PYTHON and head["hash"] != compiled.hash:
        raise GoldenBroken(f"{place} was released with another definition: give the changed one a new version")
    recorder = Recorder(catalogue, head["saga_id"])
    for number, line in enumerate(lines, 2):
        made = _line(recorder.put(input_of(line["given"]), line["at_ms"]))
        for name in ("events", "effects"):
            found = _difference(line[name], made[name])
            if found:
                raise GoldenBroken(f"{place}, line {number}, after {line['given']}: {found}")


def _line(transition: Transition) -> Form:
    return {
        "at_ms": transition.now_ms,
        "given": input_form(transition.given),
        "events": [event_form(event) for event in transition.events],
        "effects": [form for effect in transition.effects if (form := effect_form(effect)) is not None],
    }


def _difference(recorded: list[Form], made: list[Form]) -> str:
    """In words; empty where there is none. What was not recorded yet is not compared."""
    for before, now in zip(recorded, made, strict=False):
        for name, value in before.items():
            if name not in _NOT_COMPARED and now.get(name) != value:
                return f"{_named(before)}: {name} was {value!r}, and is {now.get(name)!r}"
    if len(recorded) != len(made):
        return f"there were {[_named(one) for one in recorded]}, and are {[_named(one) for one in made]}"
    return ""


def _named(form: Form) -> Any:
    return f"{form['event']} {form['step']}".rstrip() if "event" in form else next(iter(form))
