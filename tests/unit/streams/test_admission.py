"""What admission makes of an invalid request whose id it knows: a repeat that keeps its own verdict at hand."""

from confluent_kafka import Message
from pydantic import Field

from schemas import avsc
from schemas.codec import Codec
from schemas.outcome import Code, Failed
from schemas.records import RequestRecord
from schemas.subjects import subject
from schemas.testing import MemoryRegistry
from streams.admission import Admission
from streams.batcher import Closed
from streams.binding import bind
from streams.committing import tally
from streams.entry import Entry
from streams.flight import Flight
from streams.observability.metrics import Instruments, LaneMetrics
from streams.partition import Partition
from streams.repeats.answer import seal
from streams.repeats.book import AnswerBook, Bounds
from streams.settings import Settings

BINDING = bind(Settings(), "echo")
REQUESTS = BINDING.requests[0]


class Wish(RequestRecord):
    """A request with a payload."""

    payload: bytes = Field(min_length=1)


class Door:
    """An admission to one partition."""

    def __init__(self) -> None:
        registry, schema = MemoryRegistry(), avsc.load("echo", "request")
        registry.register(subject(REQUESTS), schema)
        self.codec = Codec(schema, subject(REQUESTS), registry)
        self.codec.bind()
        self.admission = Admission("echo", self.codec, Wish, None, BINDING.dead_letters_of, remember=True)
        self.partition = Partition(REQUESTS, 0, AnswerBook(Bounds(1_000, 1 << 20, 3_600_000)))

    def admit(self, offset: int, payload: bytes = b"") -> Entry:
        """The entry of a request with the same id as all others."""
        value = self.codec.encode({"request_id": "a", "payload": payload})
        return self.admission.admit(
            self.partition, Message(REQUESTS, 0, offset, None, value, None, None, (1, 0)), now_ms=0
        )

    def learn(self, entry: Entry) -> None:
        """The entry was answered for good, and that is committed."""
        assert entry.id_digest is not None
        self.partition.book.learn([(entry.id_digest, seal(entry.payload_digest, 0, b"answer", True))], 0)
        self.partition.in_flight.leave(entry.id_digest, entry)


def code(entry: Entry) -> Code | None:
    """The verdict on an entry."""
    return entry.outcome.code if isinstance(entry.outcome, Failed) else None


def test_the_invalid_twin_of_a_request_in_flight_waits_for_it_and_stays_invalid() -> None:
    door = Door()
    first, twin = door.admit(0), door.admit(1)
    assert (first.leader, code(first)) == (None, Code.INVALID_ARGUMENT)
    assert (twin.leader, code(twin)) == (first, Code.INVALID_ARGUMENT)


def test_an_invalid_request_whose_answer_is_known_stays_invalid_in_case_the_answer_is_gone() -> None:
    door = Door()
    door.learn(door.admit(0))
    again = door.admit(1)
    assert again.replay is not None
    assert code(again) is Code.INVALID_ARGUMENT


def test_another_payload_is_a_conflict_whether_it_is_valid_or_not() -> None:
    door = Door()
    door.admit(0, b"good")
    assert code(door.admit(1)) is Code.REQUEST_ID_CONFLICT
    assert code(door.admit(2, b"other")) is Code.REQUEST_ID_CONFLICT


def test_a_repeat_of_an_invalid_request_counts_as_a_repeat() -> None:
    door = Door()
    door.learn(door.admit(0))
    made = Instruments()
    tally([Flight().enter([door.admit(1), door.admit(2)], Closed.SIZE, 0.0, 1)], LaneMetrics("echo", made))
    counted = made.registry.get_sample_value
    assert counted("sluicegate_repeats_total", {"lane": "echo", "kind": "replayed"}) == 2
    assert counted("sluicegate_outcomes_total", {"lane": "echo", "code": "INVALID_ARGUMENT"}) is None
