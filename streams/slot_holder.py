"""Who holds a slot: asked of the group's coordinator when a worker was fenced."""

import time

from streams.group_view import GroupView
from streams.membership import Membership, member_id
from streams.slots import instance_id

STRANGER_SECONDS = 3.0
REQUEST_SECONDS = 5.0


def slot_is_taken(view: GroupView, slot: int, membership: Membership) -> bool:
    """Whether another living member of the group has our slot. Blocks; raises KafkaException.

    Being fenced alone does not say so: whoever took a dead slot's partitions over fences it too, and a worker that was
    only paused may come back to its slot. It may be joining at this moment, under a new member id: so whoever holds the
    slot must be a stranger for a while.
    """
    deadline = time.monotonic() + STRANGER_SECONDS
    while _strangers(view, slot, membership):
        if time.monotonic() > deadline:
            return True
        time.sleep(STRANGER_SECONDS / 10)
    return False


def _strangers(view: GroupView, slot: int, membership: Membership) -> set[str]:
    members, ours = view.describe(REQUEST_SECONDS).members, instance_id(view.group, slot)
    holders = {member.member_id for member in members if member.group_instance_id == ours}
    return holders - {member_id(membership.metadata)}
