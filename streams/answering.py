"""Turns what is known of each entry into the one record that answers it: a result, a replayed answer, a dead letter.

What can never be produced is found here, before it enters a transaction: a result over the topic's limit, a reply topic
that is missing or forbidden, a dead letter that its headers made too large.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from functools import cached_property
from typing import Any

from confluent_kafka import KafkaError, Message

from schemas.codec import Codec
from schemas.envelope import MAX_CORRELATION, REPLAYED, headers_at, outcome_headers, shared_headers
from schemas.errors import Unwritable
from schemas.outcome import Code, Completed, Failed, Outcome
from schemas.records import MAX_REQUEST_ID
from schemas.result import result_record
from streams.binding import Binding
from streams.entry import Entry
from streams.fitting import fitting_dead_letter, reserved
from streams.output import Output
from streams.repeats.answer import INLINE_LIMIT, seal

REFUSALS = (
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError._UNKNOWN_TOPIC,
    KafkaError.MSG_SIZE_TOO_LARGE,
    KafkaError.INVALID_RECORD,
    KafkaError.TOPIC_EXCEPTION,
)
# A header that returns takes at most twice what was counted of it; the others are short.
HEADROOM = 2 * MAX_CORRELATION + 2_048
# A named tuple's own constructor takes five times as long.
made = tuple.__new__
# Not what the id stands for: another payload's answer is, or this topic can't have it while another one may.
UNREMEMBERED: tuple[StrEnum, ...] = (Code.REQUEST_ID_CONFLICT, Code.INVALID_REPLY_TO, Code.RESULT_TOO_LARGE)


class Answering:
    """Builds outputs for one lane."""

    def __init__(
        self,
        binding: Binding,
        codec: Codec,
        model: str,
        model_version: str,
        limits: Callable[[str], int],
        reply_problem: Callable[[str], str | None],
        refuse: Callable[[str, str], None],
    ) -> None:
        self._binding = binding
        self._codec = codec
        self._model, self._model_version = model, model_version
        self._limits = limits
        self._reply_problem = reply_problem
        self._refuse = refuse

    def answer_all(
        self, entries: Sequence[Entry], now_ms: int, ce_time: bytes, compute_ms: float
    ) -> list[Output | None]:
        """The answers of a micro-batch, in the order of its entries; None for one that is kept silent."""
        shared = shared_headers(self._binding.name, ce_time)
        encode, rooms = self._encode_completed, self._rooms()
        usual = self._room(self._binding.results)
        outputs: list[Output | None] = []
        for entry in entries:
            outcome, envelope = entry.outcome, entry.envelope
            if type(outcome) is not Completed or entry.replay is not None or envelope.reply_to is not None:
                outputs.append(None if entry.silent else self.answer(entry, now_ms, ce_time, compute_ms))
                continue
            queue_ms = float(now_ms - entry.timestamp) if now_ms > entry.timestamp else 0.0
            try:
                value = encode(
                    {
                        "request_id": entry.record["request_id"],
                        **outcome.output,
                        "queue_ms": queue_ms,
                        "compute_ms": compute_ms,
                    }
                )
            except Unwritable as error:
                entry.outcome = unfit(error)
                outputs.append(self.answer(entry, now_ms, ce_time, compute_ms))
                continue
            place = f"{entry.topic}:{entry.partition}:{entry.offset}".encode()
            results, room = rooms.get(entry.topic, usual)
            fields = (results, value, entry.key, -1, headers_at(place, shared, envelope.correlation), None)
            output = made(Output, fields)
            if len(value) + len(entry.key or b"") > room:
                output = self._fitting(entry, output, now_ms)
            outputs.append(output)
            remember(entry, output.value or b"", now_ms)
        return outputs

    def answer(self, entry: Entry, now_ms: int, ce_time: bytes, compute_ms: float) -> Output:
        """The record that answers this entry; the entry then knows what its repeats will get."""
        if entry.dead_letter is not None:
            entry.answered = True
            letter = entry.dead_letter
            return fitting_dead_letter(letter, self._limits(letter.topic))
        output = self._output(entry, now_ms, ce_time, compute_ms)
        remember(entry, output.value or b"", now_ms)
        return output

    def _output(self, entry: Entry, now_ms: int, ce_time: bytes, compute_ms: float) -> Output:
        envelope = entry.envelope
        topic, key = self._binding.results_of(entry.topic), entry.key
        if envelope.reply_to is not None:
            problem = reserved(self._binding, envelope.reply_to, entry.topic) or self._reply_problem(envelope.reply_to)
            if problem is None:
                topic, key = envelope.reply_to, envelope.reply_key if envelope.reply_key is not None else key
            else:
                entry.replay, entry.outcome = None, Failed(Code.INVALID_REPLY_TO, problem)
        headers = outcome_headers(
            self._binding.name, entry.topic, entry.partition, entry.offset, ce_time, envelope.correlation
        )
        note = self._note_refusal if topic == envelope.reply_to else None
        if entry.replay is not None and entry.replay.value is not None:
            headers.append(REPLAYED)
            return self._fitting(entry, Output(topic, entry.replay.value, key, -1, headers, note), now_ms)
        assert entry.outcome is not None
        try:
            value = self.encode(entry, entry.outcome, now_ms, compute_ms)
        except Unwritable as error:
            if type(entry.outcome) is not Completed:
                raise
            entry.outcome = unfit(error)
            value = self.encode(entry, entry.outcome, now_ms, compute_ms)
        return self._fitting(entry, Output(topic, value, key, -1, headers, note), now_ms)

    def _rooms(self) -> dict[str, tuple[str, int]]:
        """For each tenant's topic of requests: the topic of its results, and its room."""
        return {topic: self._room(counter.results) for topic, counter in self._binding.counters.items()}

    def _room(self, results: str) -> tuple[str, int]:
        """A topic of results, and how large a value may be there for certain."""
        return results, self._limits(results) - HEADROOM

    def _note_refusal(self, error: KafkaError | None, message: Message) -> None:
        """A reply topic that was fine and refuses the record now: the next try answers INVALID_REPLY_TO."""
        if error is not None and error.code() in REFUSALS:
            self._refuse(message.topic() or "", error.str())

    def encode(self, entry: Entry, outcome: Outcome, now_ms: int, compute_ms: float = 0.0) -> bytes:
        """The framed result record of an outcome."""
        request_id = entry.record.get("request_id", "")
        queue_ms = float(max(0, now_ms - entry.timestamp))
        return self._codec.encode(
            result_record(request_id, outcome, self._model, self._model_version, queue_ms, compute_ms)
        )

    @cached_property
    def _encode_completed(self) -> Callable[[Mapping[str, Any]], bytes]:
        # Made at the first use, because the codec is bound after this object is made.
        return self._codec.encoder_with(
            {"status": "COMPLETED", "error": None, "model": self._model, "model_version": self._model_version}
        )

    def _fitting(self, entry: Entry, output: Output, now_ms: int) -> Output:
        limit = self._limits(output.topic)
        # Keys and headers are bounded, so the exact size is only worth counting near the limit.
        if len(output.value or b"") + len(output.key or b"") + HEADROOM <= limit or output.size <= limit:
            return output
        entry.replay = None
        entry.outcome = Failed(
            Code.RESULT_TOO_LARGE, f"the result takes {output.size} bytes, {output.topic} allows {limit}"
        )
        smaller = output._replace(value=self.encode(entry, entry.outcome, now_ms))
        bare = outcome_headers(self._binding.name, entry.topic, entry.partition, entry.offset, b"", [])
        for made_smaller in (smaller, smaller._replace(headers=bare), smaller._replace(headers=bare, key=None)):
            if made_smaller.size <= limit:
                return made_smaller
        return self._smallest(entry, output, bare, now_ms)

    def _smallest(self, entry: Entry, output: Output, bare: list[tuple[str, bytes]], now_ms: int) -> Output:
        """The answer where nothing fits: on the results if it was a reply topic, there with a part of its id."""
        results = self._binding.results_of(entry.topic)
        if output.topic != results:
            why = f"reply-to {output.topic!r}: {self._limits(output.topic)} bytes are too few for any answer"
            entry.outcome = Failed(Code.INVALID_REPLY_TO, why)
            value = self.encode(entry, entry.outcome, now_ms)
            return self._fitting(entry, Output(results, value, entry.key, -1, output.headers), now_ms)
        assert entry.outcome is not None
        entry.record = {"request_id": entry.record["request_id"][:MAX_REQUEST_ID]}
        return Output(results, self.encode(entry, entry.outcome, now_ms), None, -1, bare)


def unfit(error: Unwritable) -> Failed:
    """The answer where a processor's output does not fit its schema: tried again, it would not fit either."""
    return Failed(Code.PROCESSOR_FAILED, f"the output does not fit its schema: {error}", details={"field": error.field})


def remember(entry: Entry, value: bytes, now_ms: int) -> None:
    """Notes on the entry what a repeat of it gets: its answer if that is final, and how the book keeps it."""
    outcome = entry.outcome
    entry.answered = True
    if entry.replay is not None:
        entry.answer = value
    elif entry.id_digest is not None and outcome is not None and (type(outcome) is Completed or final(outcome)):
        entry.answer = value
        if len(value) <= INLINE_LIMIT:
            entry.sealed = seal(entry.payload_digest, now_ms, value, type(outcome) is Failed)
        else:
            entry.large = True


def final(outcome: Outcome) -> bool:
    """Whether asking again would give the same answer."""
    if type(outcome) is Completed:
        return True
    return not outcome.retriable and outcome.code not in UNREMEMBERED  # type: ignore[union-attr] # the other of two
