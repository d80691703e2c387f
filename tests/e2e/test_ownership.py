"""Who owns a partition: stale batches through a rebalance, zombies, and two workers for one slot."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

from streams.exit_codes import ExitCode
from streams.failpoints import HOLD_VARIABLE
from streams.proof import aftermath
from streams.proof.site import Site
from streams.proof.works import Works
from streams.settings import Settings, override
from streams.supervisor import Supervisor
from streams.testing import eventually

EVERYWHERE = (0, 1, 2, 3)
FIRST_BATCHES = 4


@pytest.fixture(scope="module")
def works(settings: Settings) -> Iterator[Works]:
    """A site with two slots."""
    site = Site.made(settings, worker={"revoke_seconds": 0.4})
    with Works(site, slots=(0, 1)) as running:
        yield running
    topics = [site.results, site.binding.repeats, site.settings.dead_letters]
    assert aftermath.unsettled(site.settings, topics) == {}


@pytest.fixture
def alone(works: Works) -> Works:
    """The worker in slot 0 has every partition."""
    works.retire(1)
    works.owned_by(0)
    return works


@pytest.fixture
def both(works: Works) -> Works:
    """Each slot has partitions."""
    works.join(1)
    works.owned_by(0, 1)
    return works


def fresh(name: str) -> str:
    """A name that no other test's requests have: the same id again would be a repeat."""
    return f"{name}-{uuid4().hex[:6]}"


def send(works: Works, name: str, count: int = 5, partitions: tuple[int, ...] = EVERYWHERE) -> list[str]:
    codec = works.site.codec("request")
    places = []
    for partition in partitions:
        values = [codec.encode({"request_id": f"{name}-{partition}-{n}", "payload": b"x"}) for n in range(count)]
        places += works.send_all(((value, None, ()) for value in values), partition)
    return places


@pytest.mark.parametrize("partitions", [(0,), (3,), EVERYWHERE], ids=["one", "another", "all"])
def test_a_batch_held_through_a_cooperative_rebalance_is_published_once(
    alone: Works, partitions: tuple[int, ...], tmp_path: Path
) -> None:
    """The batch of a lost partition is thrown away; that of a kept one goes on, older than the group's generation."""
    hold = tmp_path / "hold"
    hold.touch()
    works, holds = alone, alone.said(0).count("failpoint infer.after: hold")
    works.arm(0, f"infer.after:{FIRST_BATCHES + 1}:hold", **{HOLD_VARIABLE: str(hold)})
    for partition in EVERYWHERE:
        works.settled(send(works, fresh("before"), 1, (partition,)))
    held = send(works, fresh("held"), partitions=partitions)
    eventually(lambda: works.said(0).count("failpoint infer.after: hold") > holds, what="the hold")
    works.join(1)
    works.owned_by(0, 1)
    split = works.owners()
    topic = works.site.requests
    assert split[topic, 0] != split[topic, 3], "of the two single partitions one should be lost and one kept"
    hold.unlink()
    works.settled([*held, *send(works, fresh("after"))])


@pytest.mark.parametrize("name", ["infer.after", "produce.after", "commit.before"])
def test_a_zombie_publishes_nothing_twice_and_comes_back(both: Works, name: str) -> None:
    """It stands still beyond its session, wakes up with its batch, and its transaction still open."""
    works = both
    zombie = psutil.Process(works.arm(0, f"{name}:2:stop"))
    works.settled(send(works, fresh("before")))
    asked = send(works, fresh("asked"))
    eventually(lambda: zombie.status() == psutil.STATUS_STOPPED, within=30, what="the zombie's sleep")
    works.settled(asked, within=15)
    assert set(works.owners().values()) == {1}
    zombie.send_signal(signal.SIGCONT)
    works.owned_by(0, 1)
    assert works.pid(0) == zombie.pid
    works.settled([*asked, *send(works, fresh("after"))])


def test_a_slot_that_another_machine_took_ends_its_worker(alone: Works, tmp_path: Path) -> None:
    works = alone
    works.settled(send(works, fresh("before")))
    first, site, starts = works.pid(0), works.site, works.supervisor.restarts()[0]
    elsewhere = override(
        site.settings, {"stack": site.settings.stack.model_copy(update={"directory": tmp_path / "elsewhere"})}
    )
    other = Supervisor(1, only=["echo"], environment=Site(elsewhere, "echo").environment, settings=elsewhere, slots=[0])
    other.start()
    try:
        asked = send(works, fresh("meanwhile"))
        eventually(lambda: 0 not in works.supervisor.pids(), within=30, what="the first worker's end")
        assert works.supervisor.codes()[0] == ExitCode.FENCED
        assert works.supervisor.restarts()[0] == starts
        assert "another worker took slot 0" in works.said(0)
        works.settled([*asked, *send(works, fresh("after"))])
        assert other.restarts() == {0: 0}
        assert not psutil.pid_exists(first)
    finally:
        other.stop()
        works.supervisor.revive(0)


def test_a_second_worker_for_a_slot_is_refused_with_one_line(works: Works) -> None:
    program = Path(sys.executable).parent / "sluicegate"
    ended = subprocess.run(
        [program, "worker", "--only", "echo", "--slot", "0"],
        env={**os.environ, **works.site.environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == ExitCode.SLOT_TAKEN
    (line,) = ended.stderr.strip().splitlines()
    assert f"slot 0 is held by process {os.getpid()}" in line
    assert "--slot" in line
