"""Anomalies of order and of offsets. Pure."""

from bisect import bisect_right
from collections.abc import Iterator

from streams.proof.history.operations import Fate, History, Poll, Queue, Seen, Send


def inconsistent_offsets(history: History) -> Iterator[str]:
    """Two values lie at one offset: readers, or a sender and a reader, differ."""
    for queue, offsets in history.log.items():
        for offset, values in offsets.items():
            if len(values) > 1:
                yield f"{queue}@{offset} is {' and '.join(sorted(values))}"


def nonmonotonic_sends(history: History) -> Iterator[str]:
    """Of two values that a client sent to one queue, together or one after the other, the later one lies before."""
    last: dict[tuple[str, Queue], tuple[Send, int]] = {}
    for send in history.sends:
        for sent in send.sent if send.fate is Fate.OK else ():
            if sent.spot is None:
                continue
            line = (send.process, sent.spot.queue)
            before, offset = last.get(line, (send, -1))
            if sent.spot.offset <= offset and (before is send or before.ended <= send.began):
                yield f"{sent.value} of {send.process} lies at {sent.spot}, but what it sent before at offset {offset}"
            last[line] = (send, sent.spot.offset)


def nonmonotonic_polls(history: History) -> Iterator[str]:
    """A reader that was not moved saw an offset again, or one before it."""
    for poll, before, seen in _steps(history):
        if before is not None and seen.spot.offset <= before:
            yield f"{poll.process} saw {seen.spot} after offset {before}"


def poll_skips(history: History) -> Iterator[str]:
    """A reader that was not moved did not see an offset that holds a value, but one before and one after it."""
    holding = {queue: sorted(offsets) for queue, offsets in history.log.items()}
    for poll, before, seen in _steps(history):
        if before is None:
            continue
        offsets = holding[seen.spot.queue]
        following = bisect_right(offsets, before)
        if following < len(offsets) and offsets[following] < seen.spot.offset:
            yield f"{poll.process} saw {seen.spot} after offset {before}, but not {offsets[following]}"


def reordered(history: History) -> Iterator[str]:
    """Of two requests of one queue, the later one was answered first, on one queue of results."""
    last: dict[tuple[Queue, Queue], Seen] = {}
    final = sorted(history.seen(history.results, history.last), key=lambda seen: seen.spot)
    for seen in final:
        if seen.cause is None:
            continue
        line = (seen.spot.queue, seen.cause.queue)
        before = last.get(line)
        if before is not None and before.cause is not None and before.cause.offset > seen.cause.offset:
            yield f"{seen.spot} answers {seen.cause} after the answer to {before.cause}"
        last[line] = seen


def misplaced_causes(history: History) -> Iterator[str]:
    """An answer names another place as its request's than the one that its value was sent to."""
    for seen in history.seen(history.results):
        told = history.told.get(seen.value)
        if told is not None and seen.cause != told:
            yield f"{seen.spot} answers {seen.value}, which lies at {told}, but names {seen.cause}"


def _steps(history: History) -> Iterator[tuple[Poll, int | None, Seen]]:
    """Each record that a reader saw, with the offset that it saw before in the same queue, since it was moved last.

    A poll during which it was moved may have records of both places: nothing is before them.
    """
    positions: dict[tuple[str, Queue], int] = {}
    for poll in history.polls:
        if poll.fresh:
            for line in [line for line in positions if line[0] == poll.process]:
                del positions[line]
        for seen in poll.seen:
            line = (poll.process, seen.spot.queue)
            yield poll, None if poll.fresh else positions.get(line), seen
            positions[line] = seen.spot.offset
