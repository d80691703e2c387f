"""The book of answers against a list, the changelog's records round trip, and torn checkpoints."""

from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from streams.repeats.answer import INLINE_LIMIT, Answer, Location, Sealed, seal, seal_elsewhere, unseal
from streams.repeats.book import ENTRY_OVERHEAD, AnswerBook, Bounds
from streams.repeats.digest import digest_id, digest_payload
from streams.repeats.record import AnswersUnreadable, Entry, pack, pack_bounded, unpack
from streams.state.checkpoint import Checkpoint, Identity, Unusable, open_checkpoint, write_checkpoint

IDS = [digest_id(str(number)) for number in range(12)]
PAYLOADS = [digest_payload(str(number).encode()) for number in range(3)]
IDENTITY = Identity("repeats", "requests", 0, "origin")

moments = st.integers(-(2**63), 2**63 - 1)
topics = st.text("abcdefghijklmnopqrstuvwxyzäöü.-_", min_size=1, max_size=249)
locations = st.builds(Location, topics, st.integers(0, 2**31 - 1), st.integers(0, 2**63 - 1))
inline = st.builds(seal, st.sampled_from(PAYLOADS), moments, st.binary(max_size=300), st.booleans())
elsewhere = st.builds(seal_elsewhere, st.sampled_from(PAYLOADS), moments, locations, st.booleans())
entries = st.lists(st.tuples(st.binary(min_size=16, max_size=16), inline | elsewhere), max_size=30)


@dataclass
class NaiveBook:
    """A list of (id digest, settled at, sealed) in order of settling, searched and cut from the front."""

    bounds: Bounds
    held: list[tuple[bytes, int, Sealed]] = field(default_factory=list)

    def learn(self, learnt: list[tuple[bytes, int, Sealed]], now: int) -> None:
        for key, moment, sealed in learnt:
            if len(sealed) + ENTRY_OVERHEAD <= self.bounds.bytes:
                self._learn(key, moment, sealed)
        self.held = [entry for entry in self.held if now - entry[1] < self.bounds.retention_ms]
        while len(self.held) > self.bounds.entries or self.size() > self.bounds.bytes:
            del self.held[0]

    def _learn(self, key: bytes, moment: int, sealed: Sealed) -> None:
        for position, (known, settled, _) in enumerate(self.held):
            if known == key and settled == moment:
                self.held[position] = (key, moment, sealed)
                return
        self.held = [entry for entry in self.held if entry[0] != key]
        self.held.append((key, moment, sealed))

    def size(self) -> int:
        return sum(len(sealed) + ENTRY_OVERHEAD for _, _, sealed in self.held)

    def recall(self, key: bytes, now: int) -> Answer | None:
        for known, moment, sealed in self.held:
            if known == key and now - moment < self.bounds.retention_ms:
                return unseal(sealed)
        return None


class BookMachine(RuleBasedStateMachine):
    """Learning, time passing, expiry, and moving house through changelog or checkpoint.

    While the clocks of those who settled agree, the book is the model. When they do not, which of two answers is
    older has no right answer; then what is recalled is still an answer to that id, in time and within bounds.
    """

    @initialize(
        entries=st.integers(0, 8),
        size=st.sampled_from([0, 400, 1_000, 2_000, 10**6]),
        retention=st.integers(0, 50),
        skewed=st.booleans(),
    )
    def open(self, entries: int, size: int, retention: int, skewed: bool) -> None:
        self.bounds, self.skewed = Bounds(entries, size, retention), skewed
        self.book, self.model = AnswerBook(self.bounds), NaiveBook(self.bounds)
        self.learnt: set[tuple[bytes, Answer]] = set()
        self.now = 1_000

    @rule(
        learnt=st.lists(
            st.tuples(st.sampled_from(IDS), st.integers(-30, 3), st.integers(0, 400), st.booleans()), max_size=6
        )
    )
    def learn(self, learnt: list[tuple[bytes, int, int, bool]]) -> None:
        answers = []
        for key, lag, size, failed in learnt:
            moment = self.now + lag * self.skewed
            answers.append((key, moment, seal(PAYLOADS[0], moment, b"v" * size, failed)))
            self.learnt.add((key, unseal(answers[-1][2])))
        self.book.learn([(key, sealed) for key, _, sealed in answers], self.now)
        self.model.learn(answers, self.now)

    @rule(milliseconds=st.integers(0, 40))
    def pass_time(self, milliseconds: int) -> None:
        self.now += milliseconds

    @rule(through_checkpoint=st.booleans())
    def restore(self, through_checkpoint: bool) -> None:
        blocks = list(self.book.snapshot().blocks())
        if through_checkpoint:
            with TemporaryDirectory() as directory:
                path = IDENTITY.path(Path(directory))
                write_checkpoint(path, IDENTITY, 1, self.now, blocks)
                found = open_checkpoint(path, IDENTITY)
                assert isinstance(found, Checkpoint)
                with found:
                    blocks = list(found.blocks())
        self.book = AnswerBook(self.bounds)
        for block in blocks:
            self.book.restore(block, self.now)

    @invariant()
    def recalls_what_the_model_recalls(self) -> None:
        for key in IDS:
            answer = self.book.recall(key, self.now)
            if not self.skewed:
                assert answer == self.model.recall(key, self.now)
            elif answer is not None:
                assert self.now - answer.settled_at < self.bounds.retention_ms
                assert (key, answer) in self.learnt

    @invariant()
    def stays_within_its_bounds(self) -> None:
        assert len(self.book) <= self.bounds.entries
        assert self.book.bytes <= self.bounds.bytes
        assert self.book.bytes == sum(len(sealed) + ENTRY_OVERHEAD for sealed in self.book._answers.values())
        assert len(self.book._places) <= 24 * (2 * self.bounds.entries + 64)


TestBook = BookMachine.TestCase
TestBook.settings = settings(max_examples=80, stateful_step_count=30, deadline=None)


@given(entries)
def test_what_is_packed_is_unpacked(packed: list[Entry]) -> None:
    assert unpack(pack(packed)) == packed


@given(entries, st.integers(400, 2_000))
def test_bounded_records_hold_everything_in_order(packed: list[Entry], limit: int) -> None:
    records = pack_bounded(packed, limit)
    assert [entry for record in records for entry in unpack(record)] == packed
    assert all(len(record) <= limit for record in records)
    assert all(len(one) + len(unpack(two)[0][1]) + 16 > limit for one, two in pairwise(records))


@given(entries, st.data())
def test_a_torn_record_is_never_half_read(packed: list[Entry], data: st.DataObject) -> None:
    record = pack(packed)
    torn = record[: data.draw(st.integers(0, len(record) - 1))]
    try:
        unpack(torn)
    except AnswersUnreadable:
        return
    raise AssertionError("a torn record was read")


@given(st.binary(max_size=400))
def test_any_bytes_are_a_record_or_refused(noise: bytes) -> None:
    try:
        found = unpack(noise)
    except AnswersUnreadable:
        return
    assert pack(found) == noise


@given(st.sampled_from(PAYLOADS), moments, st.binary(max_size=INLINE_LIMIT), st.booleans())
def test_what_is_sealed_is_unsealed(payload: bytes, moment: int, value: bytes, failed: bool) -> None:
    assert unseal(seal(payload, moment, value, failed)) == Answer(payload, moment, value, None, failed)


@given(st.sampled_from(PAYLOADS), moments, locations, st.booleans())
def test_a_location_is_unsealed(payload: bytes, moment: int, location: Location, failed: bool) -> None:
    sealed = seal_elsewhere(payload, moment, location, failed)
    assert unseal(sealed) == Answer(payload, moment, None, location, failed)


@given(st.lists(st.binary(min_size=1, max_size=200), max_size=8), st.data())
@settings(deadline=None)
def test_a_torn_or_damaged_checkpoint_is_ignored(blocks: list[bytes], data: st.DataObject) -> None:
    with TemporaryDirectory() as directory:
        path = IDENTITY.path(Path(directory))
        write_checkpoint(path, IDENTITY, 7, 0, blocks)
        whole = path.read_bytes()
        position = data.draw(st.integers(0, len(whole) - 1))
        damage = data.draw(st.integers(1, 255))
        torn = data.draw(st.booleans())
        damaged = whole[:position] + bytes([whole[position] ^ damage]) + whole[position + 1 :]
        path.write_bytes(whole[:position] if torn else damaged)
        assert isinstance(open_checkpoint(path, IDENTITY), Unusable)
