"""What a function asks of the world is seen, however deep; what only looks like it is not."""

import csv
import datetime
import email.utils
import importlib
import io
import json
import os
import random
import re
import secrets
import socket
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from sagas.watching import watched

HERE = Path(__file__)


def rows() -> str:
    text = io.StringIO()
    csv.writer(text).writerow(["a", 1])
    return text.getvalue()


def writes() -> None:
    with tempfile.TemporaryFile() as file:
        file.write(b"x")


ASKING: dict[str, Callable[[], object]] = {
    "time.time": email.utils.formatdate,
    "time.monotonic": time.monotonic,
    "time.sleep": lambda: time.sleep(0),
    "datetime.now": lambda: datetime.datetime.now(datetime.UTC),
    "datetime.today": datetime.date.today,
    "random.random": random.random,
    "random.getrandbits": lambda: random.randbytes(3),
    "posix.urandom": uuid.uuid4,
    "posix.getpid": os.getpid,
    "posix.stat": HERE.exists,
    "io.open": HERE.read_text,
    "io.write": writes,
    "builtins.print": lambda: print("", end=""),  # noqa: T201  # it is what is looked for
    "socket.getaddrinfo": lambda: socket.getaddrinfo("127.0.0.1", 1),
}
PURE: dict[str, Callable[[], object]] = {
    "text": lambda: re.sub("a", "b", "aaa").upper(),
    "JSON": lambda: json.loads(json.dumps({"a": [1, None]})),
    "moments that are given": lambda: datetime.datetime.fromtimestamp(0, datetime.UTC).isoformat(),
    "dates that are read": lambda: datetime.datetime.strptime("2026-01-01", "%Y-%m-%d"),
    "ids that are made of something": lambda: uuid.uuid5(uuid.NAMESPACE_DNS, "a"),
    "text in memory": rows,
    "bytes in memory": lambda: io.BytesIO(b"x").read(),
    "paths": lambda: Path("a") / "b",
    "a first import": lambda: importlib.import_module("colorsys"),
}


@pytest.mark.parametrize("name", sorted(ASKING))
def test_what_asks_is_named(name: str) -> None:
    asked: set[str] = set()
    with watched(asked):
        ASKING[name]()
    assert name in asked


@pytest.mark.parametrize("name", sorted(PURE))
def test_what_asks_nobody_is_let_alone(name: str) -> None:
    asked: set[str] = set()
    sys.modules.pop("colorsys", None)
    with watched(asked):
        PURE[name]()
    assert asked == set()


def test_it_ends_with_its_block() -> None:
    asked: set[str] = set()
    with pytest.raises(ValueError, match="meant"), watched(asked):
        raise ValueError("meant")
    secrets.token_bytes(1)
    assert sys.getprofile() is None
    assert asked == set()
