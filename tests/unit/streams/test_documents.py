"""The documents say what the code says."""

from pathlib import Path

import pytest

from schemas import dead_letter
from schemas.outcome import Code
from streams import settings_page
from streams.exit_codes import ExitCode
from streams.observability import catalogue
from streams.provisioning.plan import plan_for
from streams.settings import Settings

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
PROMISE = (
    "xactly-once from request topic to result topic for readers with `read_committed` (Kafka's Java console consumer "
    "reads uncommitted unless told); effects outside Kafka are effectively-once through an idempotency key."
)


def read(name: str) -> str:
    return (DOCS / name).read_text()


def test_every_setting_is_documented_with_its_default() -> None:
    assert read("configuration.md").endswith(settings_page.page())


def test_every_setting_says_what_it_means() -> None:
    assert "| None |" not in settings_page.page()


def test_every_metric_is_documented() -> None:
    assert catalogue.table() in read("metrics.md")


@pytest.mark.parametrize("code", list(Code))
def test_every_error_code_is_documented(code: Code) -> None:
    assert f"| `{code}` |" in read("topics-and-schemas.md")


def test_every_topic_is_documented() -> None:
    page = read("topics-and-schemas.md")
    for topic in plan_for(Settings(), ["echo"]).topics:
        assert f"| `{topic.name.replace('.echo.', '.<lane>.')}` |" in page


def test_every_header_of_a_dead_letter_is_documented() -> None:
    page = read("topics-and-schemas.md")
    for name, _ in dead_letter.connect_headers("t", 0, 1, "echo", "why", ValueError, "stage", None, timestamp=1):
        assert f"`{name}`" in page


@pytest.mark.parametrize("code", list(ExitCode))
def test_every_exit_code_is_documented(code: ExitCode) -> None:
    assert f"\n| {int(code)} |" in read("operations.md")


@pytest.mark.parametrize("page", [ROOT / "README.md", DOCS / "reliability.md"])
def test_the_promise_stands_in_its_words(page: Path) -> None:
    assert PROMISE in " ".join(page.read_text().split())


def test_every_decision_is_listed() -> None:
    listed = read("decisions/README.md")
    for path in (DOCS / "decisions").glob("0*.md"):
        assert f"({path.name})" in listed
