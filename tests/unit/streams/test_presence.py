import asyncio
import errno
import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from streams.presence import Presence, announce, directory, keep_announcing, present, read
from streams.settings import Settings, StackSettings


@pytest.fixture
def here(tmp_path: Path) -> Settings:
    return Settings(stack=StackSettings(directory=tmp_path))


def test_a_worker_that_announced_itself_is_present(here: Settings) -> None:
    announce(here, 3, ["echo", "digits"], 8_088)
    announce(here, 1, [], 8_089)
    one, three = present(here)
    assert (one.slot, three.slot) == (1, 3)
    assert (three.pid, three.lanes, three.web) == (os.getpid(), ("echo", "digits"), "http://127.0.0.1:8088")


def test_a_dead_worker_is_not_present_even_if_its_pid_is_another_process_now(here: Settings) -> None:
    made = announce(here, 3, [], 8_088)
    path = directory(here) / "3.json"
    values = json.loads(path.read_text())
    path.write_text(json.dumps({**values, "born": made.born - 60}))
    assert present(here) == []
    path.write_text(json.dumps({**values, "pid": 2**22 - 3}))
    assert present(here) == []


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"slot": 1}', "\x00"])
def test_a_broken_file_is_nobody(tmp_path: Path, text: str) -> None:
    path = tmp_path / "1.json"
    path.write_text(text)
    assert read(path) is None


def test_a_worker_that_can_t_announce_itself_tries_again(here: Settings) -> None:
    tries = []

    def make() -> None:
        tries.append(len(tries))
        if len(tries) < 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        announce(here, 3, [], 8_088)

    asyncio.run(keep_announcing(make, pause=0.0))
    assert len(tries) == 3
    assert [one.slot for one in present(here)] == [3]


def test_what_could_not_be_written_leaves_nothing(here: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, text: str) -> None:
        path.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="No space"):
        announce(here, 3, [], 8_088)
    assert list(directory(here).iterdir()) == []


class Unwell(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b'{"live": true, "ready": false, "reasons": ["echo: not yet connected"]}'
        self.send_response(503)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def unwell() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Unwell)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_health_is_told_whether_it_is_good_or_not(unwell: str) -> None:
    worker = Presence(0, os.getpid(), 0.0, (), unwell)
    assert worker.health() == {"live": True, "ready": False, "reasons": ["echo: not yet connected"]}
    assert not worker.is_ready()


def test_who_does_not_answer_is_not_ready() -> None:
    worker = Presence(0, os.getpid(), 0.0, (), "http://127.0.0.1:1")
    assert worker.health() is None
    assert not worker.is_ready()
