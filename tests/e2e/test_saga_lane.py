"""Sagas on a real cluster: from the command to the end, through echo lanes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sagas.instance import Status
from streams.stack.testing import StackForTests
from tests.e2e.saga_site import SagaSite


@pytest.fixture
def site(stack: StackForTests, tmp_path: Path) -> Iterator[SagaSite]:
    with SagaSite(stack, tmp_path) as made:
        yield made


def test_three_steps_one_after_the_other(site: SagaSite) -> None:
    site.worker(0, "sagas", "echo")
    answer = site.start("three-echoes", "first")
    assert answer["saga_status"] == "RUNNING"
    ended = site.becomes("first", Status.COMPLETED)
    assert b"three hello" in ended.data
    assert [event.seq for event in site.history("first")] == list(range(ended.seq + 1))
