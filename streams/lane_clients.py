"""The pieces of a lane that have Kafka clients of their own. Construction connects to nothing that must answer."""

from collections.abc import Sequence

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient

from streams import connections
from streams.binding import Binding
from streams.changelog import Changelogs
from streams.checkpoints import Checkpoints
from streams.committer import Committer
from streams.group_view import GroupView
from streams.membership import Membership
from streams.observability.metrics import LaneMetrics
from streams.partition import Ownership
from streams.plain_committer import PlainCommitter
from streams.restoration import Sources
from streams.settings import Settings
from streams.succession import Succession
from streams.transaction import Transactor


def reader(settings: Settings, binding: Binding) -> Consumer:
    """What reads offsets, changelogs and answers, outside the lane's group."""
    return Consumer(connections.reader(settings, binding))


def administrator(settings: Settings) -> AdminClient:
    """What asks about topics."""
    return AdminClient(connections.administrator(settings))


def group_view(settings: Settings, binding: Binding) -> GroupView:
    """What asks the coordinator about the lane's group."""
    return GroupView(binding.group, lambda: administrator(settings))


def committer(
    settings: Settings, binding: Binding, slot: int, membership: Membership, metrics: LaneMetrics
) -> Committer:
    """What makes outputs and offsets durable, as the lane's guarantee says."""
    timeout = settings.kafka.transaction_timeout_ms / 1000
    guarantee = settings.lane(binding.name).guarantee
    if guarantee == "exactly-once":
        in_turn = connections.transactional_for(settings, binding, slot)
        return Transactor(in_turn, timeout, lambda why: metrics.producer_renewed())

    def commit_offsets(offsets: Sequence[TopicPartition]) -> None:
        membership.commit(offsets, timeout)

    properties = connections.producer(settings, binding)
    return PlainCommitter(properties, timeout, commit_offsets, offsets_first=guarantee == "at-most-once")


def sources(
    settings: Settings,
    binding: Binding,
    slot: int,
    view: GroupView,
    ownership: Ownership,
    *,
    answers: bool,
    state: bool,
) -> Sources:
    """What partitions are restored from, with new clients."""
    admin = administrator(settings)
    folder = settings.stack.directory / "checkpoints" / f"slot-{slot}"
    checkpoints = Checkpoints(folder, binding, admin, ownership)
    succession = Succession(
        view,
        slot,
        Consumer(connections.reader(settings, binding, "read_uncommitted")),
        lambda identity: connections.transactional(settings, binding, identity),
    )
    changelogs = Changelogs(binding, reader(settings, binding), admin, checkpoints, answers=answers, state=state)
    return Sources(reader(settings, binding), succession, changelogs, checkpoints)
