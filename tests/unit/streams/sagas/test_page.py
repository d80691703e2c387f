"""docs/sagas.md says what there is: each command, each topic, and for each row of bad input a test that is there."""

import re
from pathlib import Path

import pytest

from sagas.catalogue import discover
from sagas.refusal import Refusal
from streams.binding import bind
from streams.cli.saga import app
from streams.settings import Settings

ROOT = Path(__file__).parents[4]
PAGE = (ROOT / "docs" / "sagas.md").read_text()
ROW = re.compile(r"^\| .+ \| .+ \| `(?P<file>tests/[^`:]+)::(?P<name>\w+)` \|$", re.MULTILINE)


@pytest.mark.parametrize("row", [match.groups() for match in ROW.finditer(PAGE)], ids=lambda row: row[1])
def test_each_row_has_its_test(row: tuple[str, str]) -> None:
    file, name = row
    assert f"def {name}(" in (ROOT / file).read_text()


def test_bad_input_has_rows() -> None:
    section = PAGE.partition("## When something is wrong")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")]
    assert len(rows) - 1 == len(ROW.findall(section)) >= 30


@pytest.mark.parametrize("command", [command.name for command in app.registered_commands])
def test_each_command_is_there(command: str) -> None:
    assert re.search(rf"^\| `{command}[ `]", PAGE, re.MULTILINE)


def test_each_topic_refusal_and_saga_is_there() -> None:
    settings = Settings()
    binding, topics = bind(settings, "sagas"), settings.sagas
    named = [*binding.requests, binding.results, topics.history, topics.attention, topics.orphans, topics.definitions]
    assert all(f"| `{name}` |" in PAGE for name in named)
    assert all(f"`{refusal}`" in PAGE for refusal in Refusal)
    assert all(f"`{saga.name}`" in PAGE for saga in discover())
