"""Who sits in which slot of a site's supervisor, changed at will: armed, sent away, called back, seen by the group."""

import signal

from streams.client.connection import admin
from streams.failpoints import VARIABLE
from streams.group_view import GroupView
from streams.proof.site import Site
from streams.slots import instance_id
from streams.supervisor import Supervisor
from streams.testing import eventually

SEEN_SECONDS, ADMIN_SECONDS = 30.0, 5.0


class Roster:
    """The workers of a site. What waits raises NeverCame when what it waits for does not come."""

    def __init__(self, site: Site, supervisor: Supervisor) -> None:
        self.site, self.supervisor = site, supervisor
        self._away: set[int] = set()
        self._view = GroupView(site.binding.group, lambda: admin(site.settings))

    def arm(self, slot: int, failpoints: str, **environment: str) -> int:
        """Puts a worker with these failpoints in a slot, and whole ones after it; its pid."""
        self.retire(slot)
        self.supervisor.revive(slot, {**environment, VARIABLE: failpoints})
        pid = self.pid(slot)
        self.supervisor.revive(slot, {VARIABLE: ""})
        self._away.discard(slot)
        return pid

    def retire(self, slot: int, by: int = signal.SIGKILL) -> None:
        """Kills a slot's worker (or signals it), and leaves the slot empty; blocks until it is."""
        if slot not in self._away:
            self.pid(slot)
            self.supervisor.retire(slot, by)
            eventually(lambda: slot not in self.supervisor.pids(), within=SEEN_SECONDS, what="the worker's end")
            self._away.add(slot)

    def join(self, slot: int) -> int:
        """Puts a worker in a slot, if it is empty; its pid."""
        if slot in self._away:
            self._away.discard(slot)
            self.supervisor.revive(slot, {VARIABLE: ""})
        return self.pid(slot)

    def pid(self, slot: int) -> int:
        """The worker in a slot; waits for one that is on its way."""
        return eventually(
            lambda: self.supervisor.pids().get(slot, 0), within=SEEN_SECONDS, what=f"a worker in slot {slot}"
        )

    def succeeded(self, slot: int, pid: int) -> None:
        """Blocks until another worker than this one is in the slot."""
        eventually(
            lambda: self.supervisor.pids().get(slot) not in (None, pid),
            within=SEEN_SECONDS,
            what=f"the death of the worker in slot {slot}",
        )

    def owners(self) -> dict[tuple[str, int], int]:
        """Which slot has which partition now, by topic and number."""
        slots = {instance_id(self._view.group, slot): slot for slot in self.supervisor.slots()}
        return {
            (place.topic, place.partition): slots[member.group_instance_id]
            for member in self._view.describe(ADMIN_SECONDS).members
            for place in member.assignment.topic_partitions
        }

    def owned_by(self, *slots: int, within: float = SEEN_SECONDS) -> None:
        """Blocks until each of these slots has partitions, nobody else has any, and none is without an owner."""
        count = self.site.settings.topics.partitions

        def shared() -> bool:
            found = self.owners()
            return len(found) == count and set(found.values()) == set(slots)

        eventually(shared, within=within, every=0.1, what=f"all partitions with slots {slots}")

    def said(self, slot: int) -> str:
        """What the workers of a slot have logged."""
        path = self.supervisor.log_of(slot)
        return path.read_text() if path.exists() else ""
