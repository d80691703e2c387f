"""README's tour and its model, line by line, against the real stack."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.stack.testing import StackForTests
from tests.integration.docs.shell_blocks import ROOT, Shell, blocks, shells

README = ROOT / "README.md"
WITHIN = 150.0


@pytest.fixture
def shell(stack: StackForTests, tmp_path: Path) -> Iterator[Shell]:
    yield from shells(tmp_path, stack.environment)


@pytest.mark.timeout(400)
@pytest.mark.parametrize(("name", "least"), [("tour", 8), ("model", 3)])
def test_every_line_of_the_readme_does_what_it_says(shell: Shell, name: str, least: int) -> None:
    found = blocks(README, name)
    assert len(found) >= least
    for block in found:
        shell.run(block, WITHIN)
