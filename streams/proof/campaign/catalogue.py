"""The trials of the campaign, in the order of their numbers."""

from streams.proof.campaign.trial import Trial
from streams.proof.campaign.trials import (
    broker_kills,
    clocks,
    disks,
    drains,
    failpoints,
    histories,
    hostile,
    innocents,
    late_ends,
    leader_kills,
    networks,
    packet_loss,
    rebalances,
    saga_kills,
    soak,
    worker_kills,
    zombies,
)

TRIALS: tuple[Trial, ...] = (
    worker_kills.TRIAL,
    innocents.TRIAL,
    broker_kills.TRIAL,
    leader_kills.TRIAL,
    failpoints.TRIAL,
    zombies.TRIAL,
    late_ends.TRIAL,
    rebalances.TRIAL,
    networks.TRIAL,
    packet_loss.TRIAL,
    histories.TRIAL,
    saga_kills.TRIAL,
    clocks.TRIAL,
    disks.TRIAL,
    hostile.TRIAL,
    soak.TRIAL,
    drains.TRIAL,
)
