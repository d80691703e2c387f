import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from streams.observability.logging import configure
from streams.settings import LogSettings


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(output: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in output.getvalue().splitlines()]


def test_our_lines_and_the_libraries_come_out_as_one_kind_of_json() -> None:
    output = io.StringIO()
    configure(LogSettings(format="json"), output)
    structlog.get_logger("lane").info("batch closed", lane="echo", size=64)
    logging.getLogger("librdkafka").warning("broker %s is down", "b1")
    ours, theirs = lines(output)
    assert (ours["event"], ours["lane"], ours["size"], ours["level"], ours["logger"]) == (
        "batch closed", "echo", 64, "info", "lane",
    )  # fmt: skip
    assert (theirs["event"], theirs["level"], theirs["logger"]) == ("broker b1 is down", "warning", "librdkafka")
    assert str(ours["timestamp"]).endswith("Z")


def test_configured_twice_a_line_comes_once_and_to_the_last_place() -> None:
    first, second = io.StringIO(), io.StringIO()
    configure(LogSettings(format="json"), first)
    log = structlog.get_logger("lane")
    log.info("one")
    configure(LogSettings(format="json"), second)
    log.info("two")
    logging.getLogger("x").info("three")
    assert [line["event"] for line in lines(first)] == ["one"]
    assert [line["event"] for line in lines(second)] == ["two", "three"]


def test_the_level_holds_for_both_and_libraries_are_quiet_at_info() -> None:
    output = io.StringIO()
    configure(LogSettings(format="json", level="info"), output)
    structlog.get_logger("lane").debug("transaction")
    logging.getLogger("librdkafka").debug("poll")
    logging.getLogger("faust.app").info("[^App]: Starting...")
    logging.getLogger("streams.app").info("[^WorkerApp]: Starting...")
    logging.getLogger("streams.app").warning("[^WorkerApp]: slow to stop")
    logging.getLogger("faust.app").error("crashed")
    assert [line["event"] for line in lines(output)] == ["[^WorkerApp]: slow to stop", "crashed"]


def test_at_debug_everybody_talks() -> None:
    output = io.StringIO()
    configure(LogSettings(format="json", level="debug"), output)
    structlog.get_logger("lane").debug("transaction")
    logging.getLogger("faust.app").info("starting")
    assert [line["event"] for line in lines(output)] == ["transaction", "starting"]


def test_a_traceback_is_data_in_json_and_text_on_the_console() -> None:
    for form in ("json", "console"):
        output = io.StringIO()
        configure(LogSettings.model_validate({"format": form}), output)
        try:
            raise RuntimeError("the reason")
        except RuntimeError:
            structlog.get_logger("lane").exception("lane failed")
        assert "the reason" in output.getvalue()
        if form == "json":
            assert "exception" in lines(output)[0]


def test_not_on_a_terminal_the_default_is_json() -> None:
    output = io.StringIO()
    configure(LogSettings(), output)
    structlog.get_logger("lane").info("hello")
    assert lines(output)[0]["event"] == "hello"
