"""Ends what a dead worker left open: whoever takes its partitions over fences its transactional ids first.

Readers with `read_committed` wait behind an open transaction until the broker times it out. The committed offset's
metadata names the slot that committed last; if no living member of the group has that slot, its ids are fenced at once.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import structlog
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from streams.connections import SILENT
from streams.group_view import GroupView
from streams.offset_metadata import slot_of
from streams.slots import instance_id, transactional_ids

REQUEST_SECONDS = 5.0

log = structlog.get_logger(__name__)


class Succession:
    """Finds the dead slots behind newly owned partitions and ends their transactions. Blocks."""

    def __init__(
        self,
        view: GroupView,
        slot: int,
        last_committed: Consumer,
        producer_properties: Callable[[str], dict[str, Any]],
    ) -> None:
        self._view = view
        self._slot = slot
        self._last_committed = last_committed
        self._producer_properties = producer_properties

    def end_dead_transactions(self, places: Sequence[TopicPartition]) -> set[int]:
        """Fences the slots that committed these partitions last and are gone; returns them.

        `last_committed` reads uncommitted: a pending offset of the dead worker must not hide who it was.
        """
        committed = self._last_committed.committed(list(places), timeout=REQUEST_SECONDS)
        named = {slot_of(place.metadata) for place in committed if place.offset >= 0}
        foreign = {slot for slot in named if slot is not None and slot != self._slot}
        dead = foreign - self._living(foreign) if foreign else foreign
        for slot in sorted(dead):
            self._fence(slot)
        return dead

    def _living(self, slots: set[int]) -> set[int]:
        present = {member.group_instance_id for member in self._view.describe(REQUEST_SECONDS).members}
        return {slot for slot in slots if instance_id(self._view.group, slot) in present}

    def _fence(self, slot: int) -> None:
        identities = transactional_ids(self._view.group, slot)
        try:
            with ThreadPoolExecutor(len(identities)) as at_once:
                list(at_once.map(self._end, identities))
        except KafkaException as error:
            log.warning("a dead worker's transaction could not be ended", slot=slot, error=str(error))
            raise
        log.info("ended what a dead worker left open", slot=slot)

    def _end(self, identity: str) -> None:
        Producer({**SILENT, **self._producer_properties(identity)}).init_transactions(REQUEST_SECONDS * 2)
