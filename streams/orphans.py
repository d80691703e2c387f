"""Finds partitions that the group has given to nobody, and has one member join anew so that they are given out.

A cooperative rebalance takes partitions from one member and gives them out in the next round, which that member asks
for. Is it killed in between, and back at once in its slot, then the broker hands it what it keeps, with no next round:
a static member's return is no reason for one. The partitions that it gave up would wait for the group's next change.
"""

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

import structlog
from confluent_kafka import ConsumerGroupState, KafkaException
from confluent_kafka.admin import AdminClient

from streams.group_view import GroupView
from streams.renewable import Renewable

REQUEST_SECONDS = 5.0
SOON_SECONDS, SELDOM_SECONDS = 0.5, 15.0
ALERT_SECONDS = 15.0

Place: TypeAlias = tuple[str, int]

log = structlog.get_logger(__name__)


def orphans(places: Iterable[Place], members: Mapping[str, set[Place]]) -> set[Place]:
    """The places that no member of the group has."""
    return set(places).difference(*members.values())


def volunteer(members: Mapping[str, set[Place]]) -> str | None:
    """The member that joins anew: the one with the least to lose; every member comes to the same answer."""
    return min(members, key=lambda name: (len(members[name]), name), default=None)


class OrphanWatch(threading.Thread):
    """Looks at the group: often for a while after the own partitions changed, seldom otherwise.

    `patience` (seconds) is how long a rebalance may leave partitions without an owner; `rejoin` may not block.
    """

    def __init__(
        self,
        view: GroupView,
        name: str,
        topics: Sequence[str],
        admin: Renewable[AdminClient],
        patience: float,
        rejoin: Callable[[], None],
        on_fatal: Callable[[BaseException], None],
    ) -> None:
        super().__init__(name=f"{view.group}-orphans", daemon=True)
        self._view, self._name, self._topics, self._admin = view, name, topics, admin
        self._patience, self._rejoin, self._on_fatal = patience, rejoin, on_fatal
        self._wake, self._stopping = threading.Event(), False
        self._alert_until = 0.0
        self._since: float | None = None

    def look_soon(self) -> None:
        """By any thread: partitions came or went."""
        self._alert_until = time.monotonic() + ALERT_SECONDS
        self._wake.set()

    def stop(self, timeout: float) -> None:
        """Ends the thread."""
        self._stopping = True
        self._wake.set()
        self.join(timeout)

    def run(self) -> None:
        """Looks until stopped; a broker that is away is asked again. An error of ours ends the lane."""
        try:
            while not self._stopping:
                self._step()
        except BaseException as error:
            self._on_fatal(error)

    def _step(self) -> None:
        alert = self._since is not None or time.monotonic() < self._alert_until
        self._wake.wait(SOON_SECONDS if alert else SELDOM_SECONDS)
        self._wake.clear()
        try:
            if not self._stopping:
                self._look(time.monotonic())
        except KafkaException as error:
            log.debug("the group can't be looked at", error=str(error))
            self._admin.renew_after(error)

    def _look(self, now: float) -> None:
        members = self._members()
        left = orphans(self._places(), members) if members else set()
        if not left:
            self._since = None
            return
        self._since = self._since or now
        if now - self._since >= self._patience and volunteer(members) == self._name:
            log.warning("partitions without an owner, joining the group anew", partitions=sorted(left))
            self._since = None
            self._rejoin()

    def _members(self) -> dict[str, set[Place]]:
        """Each member's partitions; empty while the group is being rebalanced."""
        found = self._view.describe(REQUEST_SECONDS)
        if found.state != ConsumerGroupState.STABLE:
            return {}
        return {
            member.group_instance_id or member.member_id: {
                (place.topic, place.partition) for place in member.assignment.topic_partitions
            }
            for member in found.members
        }

    def _places(self) -> list[Place]:
        return [
            (topic, number)
            for topic in self._topics
            for number in self._admin.now.list_topics(topic, timeout=REQUEST_SECONDS).topics[topic].partitions
        ]
