import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from streams.settings import Settings, StackSettings, WorkerSettings
from streams.slots import NoSlot, SlotTaken, claim, instance_id, ordinal, reserve, transactional_ids
from streams.testing import eventually

HOLDER = """
import os, sys
from pathlib import Path
from streams.slots import lock
held = lock(Path(sys.argv[1]), int(sys.argv[2]))
if len(sys.argv) > 3 and os.fork() == 0:
    os.write(1, b"child %d\\n" % os.getpid())
    sys.stdin.read()
    os._exit(0)
os.write(1, b"held\\n")
sys.stdin.read()
"""


def settings(directory: Path, **worker: object) -> Settings:
    return Settings(stack=StackSettings(directory=directory), worker=WorkerSettings.model_validate(worker))


@pytest.fixture
def here(tmp_path: Path) -> Settings:
    return settings(tmp_path)


def holder(directory: Path, number: int, *more: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(directory / "slots"), str(number), *more],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(1 + len(more))]
    assert "held\n" in lines
    return process


def test_workers_in_two_terminals_get_a_slot_each(here: Settings) -> None:
    one, two = claim(here, environment={}), claim(here, environment={})
    assert (one.number, two.number) == (0, 1)
    one.release()
    assert claim(here, environment={}).number == 0


def test_a_slot_asked_for_comes_before_the_setting_and_the_setting_before_the_lock(tmp_path: Path) -> None:
    set_to_five = settings(tmp_path, slot=5)
    assert claim(set_to_five, environment={}).number == 5
    assert claim(set_to_five, 7, environment={}).number == 7


def test_a_duplicate_is_refused_with_the_slot_and_the_holders_pid(here: Settings, tmp_path: Path) -> None:
    process = holder(tmp_path, 3)
    try:
        with pytest.raises(SlotTaken, match=rf"slot 3 is held by process {process.pid} .*--slot") as refused:
            claim(here, 3)
        assert (refused.value.slot, refused.value.pid) == (3, process.pid)
    finally:
        process.kill()
        process.communicate()


def test_a_full_disk_keeps_nobody_from_a_slot(here: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    slot = claim(here, 3)
    with pytest.raises(SlotTaken, match="held by another process"):
        claim(here, 3)
    slot.release()


def test_kill_9_of_the_holder_frees_the_slot_even_if_a_child_of_it_lives_on(here: Settings, tmp_path: Path) -> None:
    process = holder(tmp_path, 3, "with a child")
    process.kill()
    process.wait()

    def freed() -> bool:
        try:
            return claim(here, 3).number == 3
        except SlotTaken:
            return False

    assert eventually(freed, within=5)
    process.communicate()


def test_in_kubernetes_the_host_name_is_the_slot_and_no_lock_is_needed(tmp_path: Path) -> None:
    kubernetes = {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}
    read_only = settings(tmp_path / "nowhere")
    slot = claim(read_only, environment=kubernetes, host_name="sluicegate-embed-12.workers.svc")
    assert (slot.number, slot.source, slot.lock) == (12, "host name", None)
    assert not (tmp_path / "nowhere").exists()


def test_the_setting_decides_whether_the_host_name_counts(tmp_path: Path) -> None:
    kubernetes = {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}
    assert claim(settings(tmp_path, stateful_set=True), environment={}, host_name="name-4").number == 4
    assert claim(settings(tmp_path, stateful_set=False), environment=kubernetes, host_name="name-4").number == 0


@pytest.mark.parametrize("name", ["worker", "worker-", "worker-7d9f", "3", "worker-99999999999"])
def test_a_host_name_without_an_ordinal_is_refused_with_the_cure(name: str) -> None:
    with pytest.raises(NoSlot, match="StatefulSet"):
        ordinal(name)


def test_a_supervisor_takes_the_lowest_free_slots_or_those_named(here: Settings, tmp_path: Path) -> None:
    process = holder(tmp_path, 1)
    try:
        taken = reserve(here, 2, environment={})
        assert [slot.number for slot in taken] == [0, 2]
        with pytest.raises(SlotTaken):
            reserve(here, 2, [7, 1], environment={})
        assert claim(here, 7).number == 7
    finally:
        process.kill()
        process.communicate()


def test_the_supervisors_of_a_stateful_set_share_the_slots_out(tmp_path: Path) -> None:
    slots = reserve(settings(tmp_path, stateful_set=True), 3, environment={}, host_name="sluicegate-2")
    assert [slot.number for slot in slots] == [6, 7, 8]


def test_the_lock_file_names_its_holder(here: Settings, tmp_path: Path) -> None:
    slot = claim(here, 2)
    assert (tmp_path / "slots" / "2.lock").read_text() == f"{os.getpid()}\n"
    slot.release()
    slot.release()


def test_ids_are_functions_of_group_and_slot() -> None:
    assert transactional_ids("sluicegate.echo", 3) == ("sluicegate.echo-3", "sluicegate.echo-3-alternate")
    assert instance_id("sluicegate.echo", 3) == "sluicegate.echo-3"
