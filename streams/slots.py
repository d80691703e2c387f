"""A worker's slot: the stable ordinal that its transactional ids and its group membership are made of.

A slot comes from the worker's setting, from a StatefulSet's host name (`sluicegate-3` is slot 3), or, on one
machine, from the lowest free lock file. The lock is the kernel's: it ends with the process, also by kill -9.
"""

import fcntl
import os
import re
import socket
import weakref
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from schemas.errors import SluicegateError
from streams.settings import Settings

LIMIT = 1_024
_ORDINAL = re.compile(r"-(\d{1,9})$")


class SlotTaken(SluicegateError):
    """Another process of this machine holds the slot."""

    def __init__(self, slot: int, pid: int | None, path: Path) -> None:
        holder = f"process {pid}" if pid else "another process"
        super().__init__(
            f"slot {slot} is held by {holder} (lock {path}): stop it, choose another slot with --slot, "
            "or leave --slot out to get a free one"
        )
        self.slot, self.pid, self.path = slot, pid, path


class NoSlot(SluicegateError):
    """No slot can be told or claimed here."""


class Lock:
    """An open, locked file that names its holder. Released by `release` or by the end of the process."""

    def __init__(self, descriptor: int, path: Path) -> None:
        self.descriptor, self.path = descriptor, path
        _held.add(self)

    def release(self) -> None:
        """Gives the lock up; safe to call twice."""
        _held.discard(self)
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


_held: "weakref.WeakSet[Lock]" = weakref.WeakSet()


def _forget_in_child() -> None:
    # A forked child shares the open file: it would keep the slot after its parent's death.
    for lock in list(_held):
        lock.release()


os.register_at_fork(after_in_child=_forget_in_child)


@dataclass(frozen=True, slots=True)
class Slot:
    """A worker's ordinal, where it came from, and the lock that keeps it on this machine (or None)."""

    number: int
    source: str = "setting"
    lock: Lock | None = field(default=None, repr=False, compare=False)

    def release(self) -> None:
        """Gives the slot up before the process ends."""
        if self.lock is not None:
            self.lock.release()


def slots_directory(settings: Settings) -> Path:
    """Where the lock files of this machine's workers are."""
    return settings.stack.directory / "slots"


def claim(
    settings: Settings,
    number: int | None = None,
    environment: Mapping[str, str] = os.environ,
    host_name: str | None = None,
) -> Slot:
    """This process's slot: `number`, the setting, the host's ordinal or the lowest free one, in this order.

    Raises SlotTaken when the slot asked for is held on this machine; NoSlot when there is none to be had.
    """
    wanted = settings.worker.slot if number is None else number
    if wanted is not None:
        return Slot(wanted, "setting", lock(slots_directory(settings), wanted))
    if in_stateful_set(settings, environment):
        return Slot(ordinal(host_name or socket.gethostname()), "host name")
    return lowest_free(slots_directory(settings))


def in_stateful_set(settings: Settings, environment: Mapping[str, str]) -> bool:
    """Whether the host name carries the ordinal: as the setting says, or within Kubernetes."""
    said = settings.worker.stateful_set
    return "KUBERNETES_SERVICE_HOST" in environment if said is None else said


def ordinal(host_name: str) -> int:
    """The number at the end of a StatefulSet's host name. Raises NoSlot where there is none."""
    found = _ORDINAL.search(host_name.split(".")[0])
    if found is None:
        raise NoSlot(
            f"host name {host_name!r} does not end in an ordinal such as 'worker-3': run the workers as a "
            "StatefulSet, give each one --slot N, or set worker.stateful_set to false for lock files"
        )
    return int(found.group(1))


def lock(directory: Path, number: int) -> Lock:
    """Locks one slot of this machine for this process, without waiting. Raises SlotTaken."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{number}.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = _holder(descriptor)
        os.close(descriptor)
        raise SlotTaken(number, holder, path) from None
    # On a full disk the lock holds all the same; who is refused is then not told the holder's pid.
    with suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return Lock(descriptor, path)


def _holder(descriptor: int) -> int | None:
    text = os.pread(descriptor, 32, 0).strip()
    return int(text) if text.isdigit() else None


def lowest_free(directory: Path) -> Slot:
    """The free slot with the lowest number, locked. Raises NoSlot when all of them are held."""
    for number in range(LIMIT):
        try:
            return Slot(number, "lock", lock(directory, number))
        except SlotTaken:
            continue
    raise NoSlot(f"all {LIMIT} slots in {directory} are held: stop a worker first")


def reserve(
    settings: Settings,
    count: int,
    numbers: Sequence[int] | None = None,
    environment: Mapping[str, str] = os.environ,
    host_name: str | None = None,
) -> list[Slot]:
    """Slots for so many workers of one supervisor: `numbers`, the host's share, or the lowest free ones.

    Raises SlotTaken or NoSlot, and holds none of them then.
    """
    if numbers is None and in_stateful_set(settings, environment):
        first = ordinal(host_name or socket.gethostname()) * count
        return [Slot(number, "host name") for number in range(first, first + count)]
    directory = slots_directory(settings)
    taken: list[Slot] = []
    try:
        if numbers is None:
            taken.extend(lowest_free(directory) for _ in range(count))
        else:
            taken.extend(Slot(number, "setting", lock(directory, number)) for number in numbers)
    except SluicegateError:
        for slot in taken:
            slot.release()
        raise
    return taken


def transactional_ids(group: str, slot: int) -> tuple[str, ...]:
    """The transactional ids of a lane's producers, which take turns: its successor in the slot fences them by name."""
    return f"{group}-{slot}", f"{group}-{slot}-alternate"


def instance_id(group: str, slot: int) -> str:
    """The static membership of a lane's consumer: its successor takes the partitions without a rebalance."""
    return f"{group}-{slot}"
