"""Real processes: a supervisor, its zygote and small workers that need no Kafka."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from streams.crew import Crew
from streams.exit_codes import ExitCode
from streams.restarts import RestartPolicy
from streams.settings import Settings, StackSettings
from streams.slots import SlotTaken, claim
from streams.supervisor import Supervisor
from streams.testing import eventually
from streams.zygote_process import ZygoteFailed

WORKERS = """
import json, os, signal, sys, threading, time
from pathlib import Path

def first_line(folder, number):
    with (Path(folder) / f"{number}.lives").open("a") as lives:
        line = {"at": time.monotonic(), "pid": os.getpid(), "color": os.environ.get("COLOR")}
        lives.write(json.dumps(line) + "\\n")

def patient(folder, number):
    first_line(folder, number)
    print("a line of the worker's")
    asked = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked.set())
    while not asked.wait(0.05):
        pass
    return 0

def stubborn(folder, number):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    first_line(folder, number)
    while True:
        signal.pause()

def ends(folder, number, code):
    first_line(folder, number)
    sys.exit(code)

def passes_a_failpoint(folder, number):
    from streams.failpoints import passing
    first_line(folder, number)
    passing("commit.before")
    return 0

def mutters(folder, number):
    first_line(folder, number)
    sys.stdout = open(1, "w", closefd=False)
    sys.stdout.write("kept until the end")
    sys.exit(7)

def raises(folder, number):
    first_line(folder, number)
    raise RuntimeError("a defect of the worker's")
"""


class Yard:
    """A folder with the workers' module, and the supervisors made in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "small_workers.py").write_text(WORKERS)
        self.settings = Settings(stack=StackSettings(directory=folder))
        self.made: list[Supervisor] = []

    def crew(self, function: str, **arguments: object) -> Crew:
        return Crew(
            logs=self.folder / "logs",
            entry=f"small_workers:{function}",
            preload=("small_workers",),
            arguments={"folder": str(self.folder), **arguments},
            environment={"PYTHONPATH": str(self.folder), "COLOR": "blue"},
        )

    def supervise(
        self, function: str, workers: int = 1, policy: RestartPolicy | None = None, **arguments: object
    ) -> Supervisor:
        crew = self.crew(function, **arguments)
        supervisor = Supervisor(workers, settings=self.settings, crew=crew, policy=policy)
        self.made.append(supervisor)
        supervisor.start()
        return supervisor

    def lives(self, slot: int) -> list[dict[str, object]]:
        path = self.folder / f"{slot}.lives"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def lived(self, slot: int, number: int) -> Callable[[], bool]:
        return lambda: len(self.lives(slot)) >= number


def is_dead(process: psutil.Process) -> bool:
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    made = Yard(tmp_path)
    yield made
    for supervisor in made.made:
        supervisor.stop(timeout=1)


def test_a_killed_worker_is_back_in_its_slot_in_well_under_a_second(yard: Yard) -> None:
    supervisor = yard.supervise("patient", workers=2)
    eventually(lambda: yard.lived(0, 1)() and yard.lived(1, 1)())
    gaps = []
    for number in range(2, 7):
        killed = time.monotonic()
        eventually(lambda: supervisor.kill(1))
        eventually(yard.lived(1, number))
        gaps.append(float(str(yard.lives(1)[-1]["at"])) - killed)
    assert sorted(gaps)[2] < 0.5, gaps
    assert len(yard.lives(0)) == 1
    assert supervisor.kills == 5
    assert supervisor.restarts() == {0: 0, 1: 5}
    assert set(supervisor.pids()) == {0, 1}


def test_a_worker_whose_log_has_no_room_ends_with_its_own_exit_code(yard: Yard) -> None:
    (yard.folder / "logs").mkdir()
    (yard.folder / "logs/worker-0.log").symlink_to("/dev/full")
    supervisor = yard.supervise("mutters", policy=RestartPolicy(forgiven=1_000))
    eventually(lambda: supervisor.codes()[0] is not None)
    assert supervisor.codes()[0] == 7


def test_stop_drains_the_workers_and_leaves_no_process_and_no_lock(yard: Yard) -> None:
    supervisor = yard.supervise("patient", workers=2)
    eventually(lambda: yard.lived(0, 1)() and yard.lived(1, 1)())
    eventually(lambda: len(supervisor.pids()) == 2)
    workers = [psutil.Process(pid) for pid in supervisor.pids().values()]
    zygote = workers[0].parent()
    assert zygote is not None
    family = [zygote, *workers]
    assert supervisor.stop() == {0: ExitCode.OK, 1: ExitCode.OK}
    assert all(map(is_dead, family))
    assert "a line of the worker's" in supervisor.log_of(1).read_text()
    slot = claim(yard.settings, 1)
    slot.release()


def test_a_worker_that_does_not_drain_in_time_is_killed(yard: Yard) -> None:
    supervisor = yard.supervise("stubborn")
    eventually(yard.lived(0, 1))
    assert supervisor.stop(timeout=0.3) == {0: -signal.SIGKILL}


@pytest.mark.parametrize("code", [ExitCode.FENCED, ExitCode.SLOT_TAKEN, ExitCode.USAGE, ExitCode.OK])
def test_who_ends_for_good_is_left_alone(yard: Yard, code: ExitCode) -> None:
    supervisor = yard.supervise("ends", code=int(code))
    assert supervisor.wait(20)
    assert supervisor.codes() == {0: code}
    assert len(yard.lives(0)) == 1


def test_a_crash_loop_is_slowed_and_its_traceback_is_in_the_log(yard: Yard) -> None:
    supervisor = yard.supervise("raises", policy=RestartPolicy(forgiven=2, first_pause=60))
    eventually(yard.lived(0, 3))
    assert not supervisor.wait(0.3)
    assert len(yard.lives(0)) == 3
    assert supervisor.log_of(0).read_text().count("RuntimeError: a defect of the worker's") == 3


def test_one_who_is_retired_stays_away_until_revived_with_another_environment(yard: Yard) -> None:
    supervisor = yard.supervise("patient")
    eventually(yard.lived(0, 1))
    eventually(supervisor.pids)
    supervisor.retire(0)
    assert supervisor.wait(5)
    supervisor.revive(0, {"COLOR": "red"})
    eventually(yard.lived(0, 2))
    assert [life["color"] for life in yard.lives(0)] == ["blue", "red"]


def test_each_life_reads_its_failpoints_anew(yard: Yard) -> None:
    crew = yard.crew("passes_a_failpoint")
    supervisor = Supervisor(1, settings=yard.settings, crew=replace(crew, preload=("streams.failpoints",)))
    yard.made.append(supervisor)
    supervisor.start()
    assert supervisor.wait(20)
    assert supervisor.codes() == {0: ExitCode.OK}
    supervisor.revive(0, {"SLUICEGATE_FAILPOINTS": "commit.before:1:kill"})
    eventually(lambda: supervisor.codes() == {0: -signal.SIGKILL})


def test_nobody_takes_a_supervised_slot(yard: Yard) -> None:
    supervisor = yard.supervise("patient")
    with pytest.raises(SlotTaken, match=f"slot 0 is held by process {os.getpid()}"):
        claim(yard.settings, 0)
    supervisor.stop()


def test_the_workers_survive_the_death_of_their_zygote_as_new_ones(yard: Yard) -> None:
    supervisor = yard.supervise("patient")
    eventually(yard.lived(0, 1))
    first = psutil.Process(eventually(lambda: supervisor.pids().get(0)))
    zygote = first.parent()
    assert zygote is not None
    zygote.kill()
    eventually(yard.lived(0, 2), within=20)
    assert is_dead(first)


def test_a_crew_that_cannot_be_imported_is_told_with_the_end_of_its_log(yard: Yard) -> None:
    crew = Crew(logs=yard.folder, entry="no_such:thing", preload=("no_such_module",))
    supervisor = Supervisor(1, settings=yard.settings, crew=crew)
    with pytest.raises(ZygoteFailed, match="No module named 'no_such_module'"):
        supervisor.start()
    slot = claim(yard.settings, 0)
    slot.release()


ORPHANS = """
import json, sys
from pathlib import Path
from streams.crew import Crew
from streams.settings import Settings, StackSettings
from streams.supervisor import Supervisor
folder = Path(sys.argv[1])
crew = Crew(folder / "logs", "small_workers:stubborn", ("small_workers",), {"folder": str(folder)},
            {"PYTHONPATH": str(folder)})
supervisor = Supervisor(2, settings=Settings(stack=StackSettings(directory=folder)), crew=crew)
supervisor.start()
supervisor.wait()
"""


def test_kill_9_of_the_supervisor_takes_everything_with_it(yard: Yard) -> None:
    process = subprocess.Popen([sys.executable, "-c", ORPHANS, str(yard.folder)])
    try:
        eventually(lambda: yard.lived(0, 1)() and yard.lived(1, 1)(), within=20)
        family = psutil.Process(process.pid).children(recursive=True)
        assert len(family) == 3
    finally:
        process.kill()
        process.wait()
    eventually(lambda: all(map(is_dead, family)), within=5)
