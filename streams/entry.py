"""A record between intake and commit: what was read, what was decided, what will be written."""

from typing import TYPE_CHECKING

from schemas.envelope import NO_HEADERS, Envelope
from schemas.outcome import Outcome
from schemas.request import Request
from streams.output import Output
from streams.partition import Partition
from streams.repeats.answer import Answer, Sealed

if TYPE_CHECKING:
    from streams.flight import Batch


class Entry(Request):
    """A request on its way through a lane.

    `outcome` is None until it is known; `replay` is the earlier answer that a repeat gets again; `leader` is the twin
    in flight that a repeat waits for. Both come before an `outcome` beside them: that is what an invalid request gets
    if the earlier answer is gone, or its twin had none that can be given again. `dead_letter` is the output of a record
    that can't be read. Exactly one output answers an entry in the end, unless its handler keeps it `silent`: then
    `answered` is set, and `answer` is the result's value if it is final; `sealed` is that value as the book keeps it,
    for an answer new to the book. `stop` is the record that stops its partition, on the dead letter that was one too
    many.
    """

    __slots__ = (
        "answer",
        "answered",
        "batch",
        "cost",
        "dead_letter",
        "id_digest",
        "large",
        "leader",
        "outcome",
        "owner",
        "payload_digest",
        "replay",
        "sealed",
        "silent",
        "size",
        "stop",
    )

    answer: bytes | None
    answered: bool
    batch: "Batch | None"
    cost: int
    dead_letter: Output | None
    id_digest: bytes | None
    large: bool
    leader: "Entry | None"
    outcome: Outcome | None
    owner: Partition
    payload_digest: bytes
    replay: Answer | None
    sealed: Sealed | None
    silent: bool
    size: int
    stop: Output | None

    def __init__(self, owner: Partition, offset: int, timestamp: int, key: bytes | None, size: int) -> None:
        self.topic = owner.topic
        self.partition = owner.number
        self.owner = owner
        self.offset = offset
        self.timestamp = timestamp
        self.key = key
        self.size = size
        self.cost = 1
        self.record = {}
        self.envelope: Envelope = NO_HEADERS
        self.outcome = None
        self.replay = None
        self.leader = None
        self.dead_letter = None
        self.id_digest = None
        self.payload_digest = b""
        self.answered = False
        self.answer = None
        self.sealed = None
        self.batch = None
        self.large = False
        self.silent = False
        self.stop = None

    def repeat(self, value: bytes) -> None:
        """Gives the entry the value that its twin was answered."""
        self.replay, self.outcome = Answer(self.payload_digest, 0, value, None, False), None
