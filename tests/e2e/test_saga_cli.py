"""`sluicegate saga` against a real cluster, as a person and a program use it."""

import json
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from sagas.flow import seq
from sagas.instance import Status
from sagas.testing import replay
from streams.binding import bind
from streams.cli.errors import told
from streams.cli.main import build
from streams.settings import load
from streams.stack.testing import StackForTests
from streams.testing import eventually
from tests.e2e.saga_site import SagaSite
from tests.e2e.saga_worker import three_echoes

PAGE = Path(__file__).parents[2] / "docs" / "sagas-testing.md"
BLOCK = next(block for block in PAGE.read_text().split("```python\n") if "histories_of" in block).partition("```")[0]
"""Leads again what is on the topic."""
CHANGED = three_echoes()
CHANGED.flow = seq(*reversed(CHANGED.steps))


@pytest.fixture(scope="module")
def site(stack: StackForTests, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SagaSite]:
    with SagaSite(stack, tmp_path_factory.mktemp("sagas")) as made:
        made.worker(0, "sagas", "echo")
        yield made


@pytest.fixture(autouse=True)
def _here(site: SagaSite, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Commands run in this process, with the site's settings."""
    for name, value in site.environment.items():
        monkeypatch.setenv(name, value)
    load.cache_clear()
    yield
    load.cache_clear()


def run(*words: str, code: int = 0) -> str:
    """What a command of sagas says; on standard error when it should fail."""
    return said("saga", *words, code=code)


def said(*words: str, code: int = 0) -> str:
    """The same of any command."""
    with redirect_stdout(StringIO()) as output, redirect_stderr(StringIO()) as complained:
        try:
            with told():
                build([words[0]])([*words], prog_name="sluicegate")
        except SystemExit as end:
            found = end.code or 0
    assert found == code, complained.getvalue()
    return output.getvalue() if code == 0 else output.getvalue() + complained.getvalue()


def lines(text: str) -> list[dict[str, Any]]:
    """What each line's JSON says."""
    return [json.loads(line) for line in text.splitlines()]


def begin(site: SagaSite, saga: str, name: str) -> None:
    answer = run("start", saga, "--id", name, "--message", json.dumps({"name": name}), "--reason", "a test")
    assert answer == f"{name}: RUNNING\n"


def test_from_start_to_end(site: SagaSite) -> None:
    begin(site, "three-echoes", "cli-1")
    site.becomes("cli-1", Status.COMPLETED)
    shown: dict[str, Any] = json.loads(run("show", "cli-1", "--json"))
    assert shown["status"] == "COMPLETED"
    assert [(line["step"], line["state"], line["attempt"]) for line in shown["timeline"]] == [
        ("one", "DONE", 1), ("two", "DONE", 1), ("three", "DONE", 1)
    ]  # fmt: skip
    assert shown["data"]["heard"] == ["one hello", "two hello", "three hello"]
    text = run("show", "cli-1")
    assert "three-echoes 1" in text
    assert "COMPLETED" in text
    events = lines(run("history", "cli-1", "--json"))
    assert events[0]["event"] == "started"
    assert events[0]["reason"] == "a test"
    assert events[0]["actor"]
    assert events[-1]["event"] == "completed"
    assert "step_sent" in run("history", "cli-1")
    assert run("start", "three-echoes", "--id", "cli-1", "--message", '{"name": "cli-1"}') == "cli-1: COMPLETED\n"


def test_a_whole_life_can_be_read_on_the_topic_and_led_again(site: SagaSite, tmp_path: Path) -> None:
    begin(site, "three-echoes", "cli-7")
    site.becomes("cli-7", Status.COMPLETED)
    topics, kept = site.settings.sagas, run("history", "cli-7", "--json")
    seen = lines(said("tail", topics.history, "--from-beginning", "--max", "1000"))
    events = [event for event in seen if event["saga_id"] == "cli-7"]
    assert [{**event, "body": event["body"] or {}} for event in events] == lines(kept)
    sent = next(event for event in events if event["event"] == "step_sent")
    assert (sent["step"], sent["body"]["answer_by_ms"]) == ("one", sent["at_ms"] + 60_000)
    assert events[0]["data"] == {"text": "hello", "heard": []}
    outcomes = lines(said("tail", bind(site.settings, "sagas").results, "--max", "1000"))
    ended = [outcome["data"]["heard"] for outcome in outcomes if outcome.get("saga_id") == "cli-7"]
    assert ended == [["one hello", "two hello", "three hello"]]

    for number, text in enumerate((kept, "".join(json.dumps(event) + "\n" for event in events))):
        life = tmp_path / f"life-{number}.jsonl"
        life.write_text(text)
        assert replay(life, three_echoes()) is None
        assert replay(life, CHANGED) is not None

    page: dict[str, Any] = {}
    exec(compile(BLOCK, "docs/sagas-testing.md", "exec"), page)
    assert page["differing"](three_echoes()) == {}
    assert "step_sent one: here comes step_sent three" in str(page["differing"](CHANGED)["cli-7"])


def test_a_signal_that_comes(site: SagaSite) -> None:
    begin(site, "patient", "cli-2")
    run("signal", "cli-2", "approval", "name=cli-2")
    site.becomes("cli-2", Status.COMPLETED)


def test_an_operators_help_is_in_the_history(site: SagaSite) -> None:
    begin(site, "patient", "cli-3")
    assert "say why" in run("abort", "cli-3", code=2)
    run("abort", "cli-3", "--by", "ada", "--reason", "enough")
    last = site.history("cli-3")[-1]
    assert (last.kind, last.actor, last.reason) == ("aborted", "ada", "enough")
    assert "SAGA_REFUSED" in run("cancel", "cli-3", code=1)
    answer = json.loads(run("resume", "cli-3", "--reason", "why not", "--json", code=1))
    assert (answer["ok"], answer["code"]) == (False, "SAGA_REFUSED")


def test_lists(site: SagaSite) -> None:
    begin(site, "three-echoes", "cli-4")
    site.becomes("cli-4", Status.COMPLETED)
    rows = json.loads(run("list", "--status", "COMPLETED", "--json"))
    assert "cli-4" in [row["saga_id"] for row in rows]
    assert "cli-4" in run("list", "--saga", "three-echoes")
    assert run("list", "--attention") == "no saga waits\n"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["start", "no-such-saga", "--id", "x"], "SAGA_UNKNOWN"),
        (["start", "three-echoes", "--id", "x", "--message", '{"nam": 1}'], "INVALID_ARGUMENT"),
        (["signal", "never-started", "approval"], "SAGA_NOT_FOUND"),
    ],
)
def test_refusals(words: list[str], why: str) -> None:
    assert why in run(*words, code=1)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["start", "three-echoes"], "--id"),
        (["start", "three-echoes", "--id", "x", "--message", "["], "no JSON"),
        (["start", "three-echoes", "--id", "x", "--message", "[]"], "JSON object"),
        (["start", "three-echoes", "--id", "x", "--message", "@/nowhere"], "can't be read"),
        (["start", "three-echoes", "--id", "x", "--message", "{}", "a=1"], "not both"),
        (["start", "three-echoes", "--id", "x", "a"], "field=value"),
        (["show", "never-started"], "no history"),
        (["history", "never-started"], "no history"),
        (["draw", "no-such-saga"], "no worker has released it"),
        (["skip", "x", "y"], "say why"),
    ],
)
def test_mistakes(words: list[str], why: str) -> None:
    assert why in run(*words, code=2)


def test_drawings(site: SagaSite, tmp_path: Path) -> None:
    begin(site, "three-echoes", "cli-5")
    site.becomes("cli-5", Status.COMPLETED)
    text = run("draw", "three-echoes", "--of", "cli-5")
    assert text.startswith("flowchart TD")
    assert "DONE" in text
    picture = tmp_path / "picture.svg"
    run("draw", "three-echoes", "-o", str(picture))
    ElementTree.fromstring(picture.read_text())  # our own


def test_verify(site: SagaSite) -> None:
    begin(site, "three-echoes", "cli-6")
    site.becomes("cli-6", Status.COMPLETED)
    found = eventually(lambda: rested(), what="all sagas at rest")
    assert found["findings"] == []
    assert found["commands_checked"]
    assert "all is well" in run("verify", "--settled")


def rested() -> dict[str, Any] | None:
    found: dict[str, Any] = json.loads(run("verify", "--json"))
    return found if set(found["statuses"]) <= {"COMPLETED", "COMPENSATED", "ABORTED"} else None
