"""docs/security.md names the tests that show what it says; they are there."""

import re
from pathlib import Path

from streams.stack.logins import ROLES

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "security.md").read_text()


def test_every_test_that_the_threat_model_names_is_there() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    there = {name for path in (ROOT / "tests").rglob("test_*.py") for name in functions_of(path.read_text())}
    assert len(named) > 30
    assert sorted(named - there) == []


def functions_of(text: str) -> list[str]:
    return re.findall(r"^(?:async )?def (test_\w+)", text, re.MULTILINE)


def test_every_threat_has_a_test() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and line.count("|") == 4]
    threats = rows[[row.startswith("| threat ") for row in rows].index(True) + 1 :]
    assert len(threats) > 20
    assert [row for row in threats if "`test_" not in row] == []


def test_every_role_is_described() -> None:
    assert [role for role in ROLES if f"`{role}.toml`" not in PAGE] == []
