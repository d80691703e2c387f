"""Who holds a slot: asked of the group's coordinator when a worker was fenced."""

import time

from confluent_kafka.admin import AdminClient

from streams.membership import Membership, member_id
from streams.slots import instance_id

STRANGER_SECONDS = 3.0
REQUEST_SECONDS = 5.0


def slot_is_taken(admin: AdminClient, group: str, slot: int, membership: Membership) -> bool:
    """Whether another living member of the group has our slot. Blocks; raises KafkaException.

    Being fenced alone does not say so: whoever took a dead slot's partitions over fences it too, and a worker that was
    only paused may come back to its slot. It may be joining at this moment, under a new member id: so whoever holds the
    slot must be a stranger for a while.
    """
    deadline = time.monotonic() + STRANGER_SECONDS
    while _strangers(admin, group, slot, membership):
        if time.monotonic() > deadline:
            return True
        time.sleep(STRANGER_SECONDS / 10)
    return False


def _strangers(admin: AdminClient, group: str, slot: int, membership: Membership) -> set[str]:
    described = admin.describe_consumer_groups([group], request_timeout=REQUEST_SECONDS)
    members = described[group].result(REQUEST_SECONDS).members
    holders = {member.member_id for member in members if member.group_instance_id == instance_id(group, slot)}
    return holders - {member_id(membership.metadata)}
