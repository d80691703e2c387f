"""The page on testing sagas: its examples run, its names exist."""

import re
from pathlib import Path
from typing import Any

from sagas.invariants import INVARIANTS
from sagas.invariants.lane import LANE, NEIGHBOURS
from sagas.testing import Fault

PAGE = (Path(__file__).parents[4] / "docs" / "sagas-testing.md").read_text()


def test_its_examples_run() -> None:
    known: dict[str, Any] = {}
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    assert len(blocks) == 6
    for block in blocks:
        exec(compile(block, "docs/sagas-testing.md", "exec"), known)


def test_the_invariants_that_it_names_exist() -> None:
    names = {invariant.__name__ for invariant in (*INVARIANTS, *LANE, *NEIGHBOURS)}
    named = re.findall(r"^\| [^|]* \| `(\w+)` \|$", PAGE, re.MULTILINE)
    assert len(named) == 9
    assert set(named) <= names


def test_it_has_every_fault() -> None:
    assert set(re.findall(r'inject\(step, "(\w+)"\)', PAGE)) == set(Fault)
