"""Which workers a lane's group counts as its members, asked of the broker."""

from confluent_kafka import ConsumerGroupState
from confluent_kafka.admin import AdminClient

from streams.client.connection import ANSWER_SECONDS, admin
from streams.settings import Settings
from streams.slots import instance_id


class Roll:
    """The members of one group, by slot."""

    def __init__(self, settings: Settings, group: str) -> None:
        self._admin: AdminClient = admin(settings)
        self._group = group

    def call(self, slots: frozenset[int]) -> frozenset[int] | None:
        """Which of these slots are members; None while the group is being rebalanced. Blocks for the answer."""
        described = self._admin.describe_consumer_groups([self._group], request_timeout=ANSWER_SECONDS)
        found = described[self._group].result(ANSWER_SECONDS)
        if found.state != ConsumerGroupState.STABLE:
            return None
        present = {member.group_instance_id for member in found.members}
        return frozenset(slot for slot in slots if instance_id(self._group, slot) in present)
