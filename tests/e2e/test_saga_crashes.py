"""Orchestrators that die, or stand still and come back: each transition once, whatever happens around it."""

import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from sagas.instance import Status
from streams.sagas.evidence import gather
from streams.sagas.verifying import verify
from streams.stack.testing import StackForTests
from streams.testing import eventually
from tests.e2e.saga_site import SagaSite

SAGAS = 20


@pytest.fixture
def site(stack: StackForTests, tmp_path: Path) -> Iterator[SagaSite]:
    with SagaSite(stack, tmp_path) as made:
        yield made


def is_whole(site: SagaSite, names: list[str], status: Status) -> None:
    """All ended so, and the topics hold together."""
    site.all_become(names, status)
    evidence = gather(site.settings, site.registry)
    assert set(evidence.histories) == set(names)
    assert evidence.commands is not None
    assert verify(evidence) == []


@pytest.mark.parametrize("place", ["produce.after", "commit.before", "apply.before"])
def test_a_kill_in_a_transition(site: SagaSite, place: str) -> None:
    """Before it, within its transaction, and after it."""
    site.worker(1, "echo")
    first = site.worker(0, "sagas", SLUICEGATE_FAILPOINTS=f"{place}:4:kill")
    names = [f"saga-{number}" for number in range(SAGAS)]
    site.send_starts("three-echoes", names)
    assert first.wait(60) == -signal.SIGKILL
    site.worker(0, "sagas")
    is_whole(site, names, Status.COMPLETED)


def test_a_kill_while_timers_fire(site: SagaSite) -> None:
    """In a transaction that holds nothing but timers, and again in the next one."""
    names = [f"saga-{number}" for number in range(SAGAS)]
    for lives, place in ((2, "commit.before"), (1, "produce.after")):
        worker = site.worker(0, "sagas", SLUICEGATE_FAILPOINTS=f"{place}:{lives}:kill")
        if lives == 2:
            site.send_starts("hasty", names)
        assert worker.wait(60) == -signal.SIGKILL
    site.worker(0, "sagas")
    is_whole(site, names, Status.COMPENSATED)


@pytest.mark.parametrize("place", ["infer.after", "commit.before"])
def test_a_zombie_publishes_nothing(site: SagaSite, place: str) -> None:
    """It stands still beyond its session with timers due; another one goes on; it wakes up and must not count."""
    zombie = site.worker(0, "sagas", SLUICEGATE_FAILPOINTS=f"{place}:2:stop")
    names = [f"saga-{number}" for number in range(SAGAS)]
    site.send_starts("hasty", names)
    eventually(lambda: zombie.status() == psutil.STATUS_STOPPED, within=60, what="the zombie's sleep")
    site.worker(1, "sagas")
    site.all_become(names, Status.COMPENSATED)
    before = site.reader().histories()
    zombie.send_signal(signal.SIGCONT)
    eventually(lambda: "partitions lost" in site.log(0).read_text(), within=60, what="its awakening")
    site.start("hasty", "after")
    site.becomes("after", Status.COMPENSATED)
    after = site.reader().histories()
    assert {name: after[name] for name in names} == before
    is_whole(site, [*names, "after"], Status.COMPENSATED)
