"""The example of docs/sagas.md, line by line, against the real stack."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.stack.testing import StackForTests
from tests.integration.docs.shell_blocks import ROOT, Shell, blocks, shells

PAGE = ROOT / "docs" / "sagas.md"
WITHIN = 150.0


@pytest.fixture
def shell(stack: StackForTests, tmp_path: Path) -> Iterator[Shell]:
    yield from shells(tmp_path, stack.environment)


@pytest.mark.timeout(400)
def test_every_line_of_the_example_does_what_it_says(shell: Shell) -> None:
    found = blocks(PAGE, "saga")
    assert len(found) >= 7
    for block in found:
        shell.run(block, WITHIN)
