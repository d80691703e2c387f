"""`sluicegate saga` against a real cluster, as a person and a program use it."""

import json
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from sagas.instance import Status
from streams.cli.errors import told
from streams.cli.main import build
from streams.settings import load
from streams.stack.testing import StackForTests
from streams.testing import eventually
from tests.e2e.saga_site import SagaSite


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
    """What a command says; on standard error when it should fail."""
    with redirect_stdout(StringIO()) as said, redirect_stderr(StringIO()) as complained:
        try:
            with told():
                build(["saga"])(["saga", *words], prog_name="sluicegate")
        except SystemExit as end:
            found = end.code or 0
    assert found == code, complained.getvalue()
    return said.getvalue() if code == 0 else said.getvalue() + complained.getvalue()


def begin(site: SagaSite, saga: str, name: str) -> None:
    said = run("start", saga, "--id", name, "--message", json.dumps({"name": name}), "--reason", "a test")
    assert said == f"{name}: RUNNING\n"


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
    events = [json.loads(line) for line in run("history", "cli-1", "--json").splitlines()]
    assert events[0]["event"] == "started"
    assert events[0]["reason"] == "a test"
    assert events[0]["actor"]
    assert events[-1]["event"] == "completed"
    assert "step_sent" in run("history", "cli-1")
    assert run("start", "three-echoes", "--id", "cli-1", "--message", '{"name": "cli-1"}') == "cli-1: COMPLETED\n"


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
    said = json.loads(run("resume", "cli-3", "--reason", "why not", "--json", code=1))
    assert (said["ok"], said["code"]) == (False, "SAGA_REFUSED")


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
    said = eventually(lambda: rested(), what="all sagas at rest")
    assert said["findings"] == []
    assert said["commands_checked"]
    assert "all is well" in run("verify", "--settled")


def rested() -> dict[str, Any] | None:
    said: dict[str, Any] = json.loads(run("verify", "--json"))
    return said if set(said["statuses"]) <= {"COMPLETED", "COMPENSATED", "ABORTED"} else None
