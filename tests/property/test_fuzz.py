"""Whatever reads what others wrote, with bytes that nobody meant: documented errors and nothing else.

`python -m streams.proof.fuzz --cases 100000` is the long form, from seeds; here hypothesis makes the bytes and finds
the smallest that break a reader.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.proof.fuzz import targets
from streams.proof.fuzzing.headers import join, split
from streams.proof.fuzzing.target import Broke, Target
from tests.corpus.attack import attacks

FOLDER = TemporaryDirectory()
TARGETS = {target.name: target for target in targets(Path(FOLDER.name))}
WRITTEN = {name: [value for one in attacks("stored") if one.lane == name for value in one.values] for name in TARGETS}


@st.composite
def spoilt(draw: st.DrawFn, seeds: Sequence[bytes]) -> bytes:
    """A seed in which some parts were replaced."""
    value = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(value)))
        new = draw(st.binary(max_size=12))
        value = value[:at] + new + value[at + draw(st.integers(0, 12)) :]
    return value


@pytest.mark.parametrize("name", TARGETS)
def test_spoilt_bytes_break_no_reader(name: str) -> None:
    target = TARGETS[name]

    @settings(max_examples=120, deadline=None)
    @given(spoilt([*target.seeds, *WRITTEN[name]]) | st.binary(max_size=100))
    def reads(value: bytes) -> None:
        target.attempt(value)

    reads()


@pytest.mark.parametrize("name", TARGETS)
def test_what_a_reader_was_made_for_is_read(name: str) -> None:
    assert any(TARGETS[name].attempt(seed) for seed in TARGETS[name].seeds)


@given(st.binary(max_size=200))
def test_any_bytes_are_some_headers_and_a_value(data: bytes) -> None:
    headers, value = split(data)
    assert split(join(headers, value)) == (headers, value)


def test_a_reader_that_raises_anything_else_is_found_out() -> None:
    def read(value: bytes) -> None:
        raise KeyError(value)

    assert not Target("documented", [b""], read, (KeyError,)).attempt(b"x")
    with pytest.raises(Broke, match="KeyError"):
        Target("careless", [b""], read, (ValueError,)).attempt(b"x")


def test_the_long_form_runs_within_its_memory_and_says_what_it_did(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "streams.proof.fuzz", "--cases", "2000", "--seed", "7"]
    ran = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(Path.cwd())}, capture_output=True, text=True,
        check=False, timeout=100,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "2000 cases, 0 broke their reader" in ran.stdout
    assert list(tmp_path.iterdir()) == []
