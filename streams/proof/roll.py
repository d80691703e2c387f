"""Which workers a lane's group counts as its members, asked of the broker."""

from confluent_kafka import ConsumerGroupState

from streams.client.connection import ANSWER_SECONDS, admin
from streams.group_view import GroupView
from streams.settings import Settings
from streams.slots import instance_id


class Roll:
    """The members of one group, by slot."""

    def __init__(self, settings: Settings, group: str) -> None:
        self._view = GroupView(group, lambda: admin(settings))

    def call(self, slots: frozenset[int]) -> frozenset[int] | None:
        """Which of these slots are members; None while the group is being rebalanced. Blocks for the answer."""
        found = self._view.describe(ANSWER_SECONDS)
        if found.state != ConsumerGroupState.STABLE:
            return None
        present = {member.group_instance_id for member in found.members}
        return frozenset(slot for slot in slots if instance_id(self._view.group, slot) in present)
