"""The answers of one partition: known for a time, and as long as there is room.

What is evicted is forgotten, and a repeat of it is a new request. The book changes only with what is
committed, so an abort leaves it as it is.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from struct import Struct

from streams.repeats.answer import Answer, Sealed, settled_at, unseal
from streams.repeats.digest import DIGEST_BYTES
from streams.repeats.record import Entry, pack, unpack

__all__ = ["ENTRY_OVERHEAD", "Answer", "AnswerBook", "BookSnapshot", "Bounds", "Evictions"]

# What an answer costs beside its sealed bytes, as measured: two bytes objects, its share of the dict with
# room to grow, its place in the order.
ENTRY_OVERHEAD = 288

_BLOCK_ENTRIES = 512
# When it was settled: at the same offset in a place and in a sealed answer.
_MOMENT = slice(DIGEST_BYTES, DIGEST_BYTES + 8)
_PLACE = Struct("<16sq")


@dataclass(slots=True, frozen=True)
class Bounds:
    """How much is remembered; the tighter wins, and 0 of any remembers nothing."""

    entries: int
    bytes: int
    retention_ms: int


@dataclass(slots=True)
class Evictions:
    """How many answers were forgotten, by cause: too old, too many, too large."""

    retention: int = 0
    entries: int = 0
    bytes: int = 0

    @property
    def early(self) -> int:
        """Those that were forgotten before their time."""
        return self.entries + self.bytes


@dataclass(slots=True, frozen=True)
class BookSnapshot:
    """The answers at one moment; another thread may read it while the book goes on."""

    answers: dict[bytes, Sealed]

    def blocks(self) -> Iterator[bytes]:
        """Records as `pack` makes them, in order of settling, for a checkpoint."""
        remaining = iter(self.answers.items())
        while block := list(islice(remaining, _BLOCK_ENTRIES)):
            yield pack(block)


class AnswerBook:
    """The final answers of one partition's requests, by digest of the request id."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.evictions = Evictions()
        self.bytes = 0
        self._answers: dict[bytes, Sealed] = {}
        # (id digest, settled at) in order of settling. The dict has that order too, but deleting from its
        # front leaves holes which every look for the first entry would cross again; a bytearray gives up its
        # front at no cost. A place whose answer has been replaced by a later one is stale, and passed over.
        self._places = bytearray()

    def __len__(self) -> int:
        """How many answers are held, among them expired ones that were not let go yet."""
        return len(self._answers)

    def recall(self, id_digest: bytes, now_ms: int) -> Answer | None:
        """The answer to an earlier request of this id, or None when it is unknown, evicted or expired."""
        sealed = self._answers.get(id_digest)
        if sealed is None or now_ms - settled_at(sealed) >= self.bounds.retention_ms:
            return None
        return unseal(sealed)

    def learn(self, entries: Iterable[Entry], now_ms: int) -> None:
        """Remembers (id digest, sealed answer) pairs in order of settling, and lets the oldest go for them.

        Of two answers to one id the one settled last is kept; one larger than the whole book is not kept.
        About 1 us an entry, evictions included.
        """
        answers, places, expiries = self._answers, self._places, 0
        for id_digest, sealed in entries:
            expiries += 2  # more than one, so that expiry outruns learning, and few, so that no call is long
            size = len(sealed) + ENTRY_OVERHEAD
            if size > self.bounds.bytes:
                self.evictions.bytes += 1
            elif id_digest in answers:
                self._relearn(id_digest, sealed)
            else:
                answers[id_digest] = sealed
                places += id_digest + sealed[_MOMENT]
                self.bytes += size
        self._evict(now_ms, expiries)

    def restore(self, record: bytes, now_ms: int) -> int:
        """Learns a record of the changelog or a block of a checkpoint; returns how many answers it held.

        What finds no room is not counted as evicted: it was counted when it was. Raises AnswersUnreadable
        before anything is learnt.
        """
        entries, counted, oldest = unpack(record), self.evictions, now_ms - self.bounds.retention_ms
        self.evictions = Evictions()
        self.learn([entry for entry in entries if settled_at(entry[1]) > oldest], now_ms)
        self.evictions = counted
        return len(entries)

    def snapshot(self) -> BookSnapshot:
        """A copy of the book as it stands, which shares the answers' bytes: a few milliseconds for
        100,000."""
        return BookSnapshot(self._answers.copy())

    def _relearn(self, id_digest: bytes, sealed: Sealed) -> None:
        known = self._answers[id_digest]
        moment, earlier = settled_at(sealed), settled_at(known)
        if moment < earlier:
            return
        self.bytes += len(sealed) - len(known)
        if moment > earlier:
            del self._answers[id_digest]
            self._places += id_digest + sealed[_MOMENT]
        self._answers[id_digest] = sealed
        if len(self._places) > _PLACE.size * (2 * len(self._answers) + 64):
            self._places[:] = b"".join(key + held[_MOMENT] for key, held in self._answers.items())

    def _evict(self, now_ms: int, expiries: int) -> None:
        """Lets the oldest go: whatever is over a bound, and at most so many that have expired."""
        bounds, answers, places, evictions = self.bounds, self._answers, self._places, self.evictions
        oldest_kept, position, end = now_ms - bounds.retention_ms, 0, len(places)
        while position < end:
            id_digest, moment = _PLACE.unpack_from(places, position)
            expired = moment <= oldest_kept
            over = len(answers) > bounds.entries or self.bytes > bounds.bytes
            if not over and not (expired and expiries > 0):
                break
            position += _PLACE.size
            expiries -= 1
            sealed = answers.get(id_digest)
            if sealed is None or settled_at(sealed) != moment:
                continue
            if expired:
                evictions.retention += 1
            elif len(answers) > bounds.entries:
                evictions.entries += 1
            else:
                evictions.bytes += 1
            del answers[id_digest]
            self.bytes -= len(sealed) + ENTRY_OVERHEAD
        del places[:position]
