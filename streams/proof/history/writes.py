"""Anomalies of what was written: values that appear though they must not, or do not though they must. Pure."""

from collections.abc import Iterator

from streams.proof.history.operations import Fate, History, Queue, Spot


def aborted_reads(history: History) -> Iterator[str]:
    """Somebody saw a value whose send failed, or whose transaction was aborted (G1a)."""
    for poll in history.polls:
        for seen in poll.seen:
            send = history.writers.get(seen.value)
            if send is not None and send.fate is Fate.FAIL:
                yield f"{poll.process} saw {seen.value} at {seen.spot}, which {send.process} had aborted"


def precommitted_reads(history: History) -> Iterator[str]:
    """Somebody saw a value of a transaction before its commit was asked for."""
    for poll in history.polls:
        for seen in poll.seen:
            send = history.writers.get(seen.value)
            if send is None or not send.transaction or send.fate is Fate.FAIL:
                continue
            if send.committing is None or poll.ended < send.committing:
                yield f"{poll.process} saw {seen.value} at {seen.spot} before {send.process} committed it"


def lost_writes(history: History) -> Iterator[str]:
    """A value that was committed is not in a topic at the end, though what was sent behind it is."""
    yield from (why for why, behind in _absent(history) if behind)


def unseen(history: History) -> Iterator[str]:
    """A value that was committed is not in a topic at the end, and neither is anything behind it."""
    yield from (why for why, behind in _absent(history) if not behind)


def duplicates(history: History) -> Iterator[str]:
    """A value lies in one topic twice."""
    found: dict[tuple[str, str], set[Spot]] = {}
    for seen in history.seen():
        found.setdefault((seen.spot.queue.topic, seen.value), set()).add(seen.spot)
    for (_, value), spots in found.items():
        if len(spots) > 1:
            yield f"{value} is at {' and '.join(map(str, sorted(spots)))}"


def torn_transactions(history: History) -> Iterator[str]:
    """At the end a part of a transaction's values is in a topic, and another part is not."""
    for topic in (history.requests, history.results):
        there = {seen.value for seen in history.seen(topic, history.last)}
        for send in history.sends:
            values = [sent.value for sent in send.sent]
            missing = [value for value in values if value not in there]
            if send.transaction and send.fate is Fate.INFO and 0 < len(missing) < len(values):
                yield f"{topic} has a part of a transaction of {send.process}, but not {missing[0]}"


def strangers(history: History) -> Iterator[str]:
    """Somebody saw a value that nobody sent."""
    for seen in history.seen():
        if seen.value not in history.writers:
            yield f"{seen.value!r} at {seen.spot} was sent by nobody"


def _absent(history: History) -> Iterator[tuple[str, bool]]:
    """What must be in each topic and is not; and whether a later one of the same queue of requests is there."""
    for topic in (history.requests, history.results):
        there, furthest = set[str](), dict[Queue, int]()
        for seen in history.seen(topic, history.last):
            there.add(seen.value)
            spot = seen.spot if topic == history.requests else seen.cause
            if spot is not None:
                furthest[spot.queue] = max(furthest.get(spot.queue, -1), spot.offset)
        for value, send in history.writers.items():
            if send.fate is Fate.OK and value not in there:
                spot = history.told.get(value)
                behind = spot is not None and furthest.get(spot.queue, -1) > spot.offset
                yield (
                    f"{value} of {send.process} is not in {topic}; it was sent to {spot or 'an unknown place'}",
                    behind,
                )
