"""The transport alone: a lane that copies bytes. Everything is the real lane's but for two parts.

Admission does not decode, and answering does not encode: a record's value goes out as it came. Intake, batcher,
pipeline, Faust agent, handler call, committer, transaction, restoration and the rest are those of every lane.
"""

import sys
from collections.abc import Sequence
from typing import Any

from confluent_kafka import Message

from processors.contract import BatchPolicy
from processors.echo.declaration import EchoRequest
from schemas.handler import Effects, State
from schemas.outcome import Completed
from schemas.request import Request
from streams import lane
from streams.admission import Admission
from streams.answering import Answering, made
from streams.app import run_lanes
from streams.definition import LaneDefinition
from streams.entry import Entry
from streams.output import Output
from streams.partition import Partition
from streams.settings import load
from streams.slots import Slot

COPIED = Completed({})
NO_HEADERS: list[tuple[str, bytes]] = []


class RawAdmission(Admission):
    """Takes a record's bytes for what they are."""

    def admit(self, owner: Partition, message: Message, now_ms: int) -> Entry:
        """The entry for one message."""
        value, key = message.value() or b"", message.key()
        entry = Entry(owner, message.offset() or 0, 0, key, len(value) + 64)
        entry.answer = value
        return entry


class RawAnswering(Answering):
    """Gives the bytes back."""

    def answer_all(self, entries: Sequence[Entry], now_ms: int, ce_time: bytes, compute_ms: float) -> list[Any]:
        """The outputs of a micro-batch."""
        results = self._binding.results
        return [made(Output, (results, entry.answer, entry.key, -1, NO_HEADERS, None)) for entry in entries]


class RawHandler:
    """Answers all with the same outcome, which nobody encodes."""

    stateful, ready = False, True
    stores: tuple[str, ...] = ()

    async def start(self) -> None:
        """Nothing to start."""

    async def stop(self) -> None:
        """Nothing to end."""

    async def handle(self, requests: Sequence[Request], state: State, now: float) -> Effects:
        """One outcome for each."""
        return Effects([COPIED] * len(requests))


def main() -> int:
    """Runs until it is told to stop."""
    # The two parts that differ.
    setattr(lane, "Admission", RawAdmission)  # noqa: B010 the type checker need not follow
    setattr(lane, "Answering", RawAnswering)  # noqa: B010
    definition = LaneDefinition("echo", EchoRequest, RawHandler, BatchPolicy(size=1024, wait_ms=3.0), slots=4)
    return run_lanes(load(), [definition], Slot(0), leave=False)


if __name__ == "__main__":
    sys.exit(main())
