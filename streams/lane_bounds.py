"""What bounds a lane: its micro-batches, what it holds unsettled, and whether it remembers its answers."""

from processors.contract import BatchPolicy
from streams.pipeline import Bounds
from streams.settings import LaneSettings


def batch_policy(declared: BatchPolicy, lane: LaneSettings) -> BatchPolicy:
    """The processor's own policy with what the user set instead."""
    chosen = lane.batch
    return BatchPolicy(
        size=chosen.size or declared.size,
        wait_ms=declared.wait_ms if chosen.wait_ms is None else chosen.wait_ms,
        cost=chosen.cost or declared.cost,
        bytes=chosen.bytes or declared.bytes,
    )


def remembers(lane: LaneSettings) -> bool:
    """Whether the user wants answers to be remembered."""
    return lane.repeats.entries > 0 and lane.repeats.retention_seconds > 0


def bounds(lane: LaneSettings) -> Bounds:
    """The lane's bounds on what is unsettled."""
    return Bounds(lane.intake_records, lane.intake_bytes, lane.transaction_records, lane.transaction_bytes)
