"""Reading and replaying dead letters on the cluster: a thin shell around what `letters` decides."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from confluent_kafka import KafkaException, Producer

from streams.client.connection import admin, explain, partition_counts, producer, require_topics
from streams.client.letters import Letter, Selection, chosen, letters, marker, replay
from streams.client.reading import TopicReader
from streams.client.spans import Progress, Span, last_of
from streams.output import Output
from streams.settings import Settings

TRANSACTION_SECONDS = 60.0
REPLAYER = "sluicegate-dead-letters"
"""The transactional id of every replay: a second one fences the first, so no letter is replayed by both."""

Watch = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Replay:
    """A letter and the two records that replaying it writes."""

    letter: Letter
    output: Output
    marker: Output


def newest(settings: Settings, count: int, since: int | None, selection: Selection) -> list[Letter]:
    """The newest letters that fit, at most `count`, newest first. Blocks.

    It reads backwards, ever more of each partition, until there are enough or there is no more.
    """
    reader = TopicReader(settings, "dead-letters")
    whole = reader.spans(reader.partitions([settings.letters]), since)
    depth = max(count * 2, 100)
    while True:
        part = last_of(whole, depth)
        fitting = [letter for letter in letters(reader.read(part)) if selection.takes(letter)]
        if len(fitting) >= count or part == whole:
            return fitting[:count]
        depth *= 8


def one(settings: Settings, partition: int, offset: int) -> Letter | None:
    """The letter at this place, or None. Blocks."""
    reader = TopicReader(settings, "dead-letters")
    spans = [
        Span(span.topic, partition, offset, span.end)
        for span in reader.spans(reader.partitions([settings.letters]))
        if span.partition == partition and span.start <= offset < span.end
    ]
    found = letters(reader.read(spans))
    return next((letter for letter in found if letter.place == (partition, offset)), None)


def every(settings: Settings, since: int | None = None, watch: Watch | None = None) -> list[Letter]:
    """All letters, newest first, with whether they were replayed. Blocks while it reads the whole topic."""
    reader = TopicReader(settings, "dead-letters")
    return letters(reader.read(reader.spans(reader.partitions([settings.letters]), since), watch))


def plan(settings: Settings, selection: Selection, since: int | None, to: str | None, again: bool) -> list[Replay]:
    """What a replay would write, without writing it. Raises NothingToReplay, TopicMissing. Blocks."""
    picked = chosen(every(settings, since), selection, again)
    return _planned(settings, picked, to)


def perform(settings: Settings, selection: Selection, since: int | None, to: str | None, again: bool) -> list[Replay]:
    """Replay the letters in one transaction, with a marker for each, and say what was written. Blocks.

    The transactional id is taken before the markers are read, so that of two at once only one succeeds.
    Raises NothingToReplay, TopicMissing, ClusterUnreachable, NotAllowed; then nothing was replayed.
    """
    partition_counts(admin(settings), settings)  # says at once who is not let in
    sender = producer(
        settings,
        "dead-letters",
        **{"transactional.id": REPLAYER, "transaction.timeout.ms": int(TRANSACTION_SECONDS * 1_000)},
    )
    try:
        sender.init_transactions(TRANSACTION_SECONDS)
        replays = plan(settings, selection, since, to, again)
        _commit(sender, [output for one in replays for output in (one.output, one.marker)])
    except KafkaException as error:
        raise explain(error, settings, "replaying dead letters") from None
    return replays


def _planned(settings: Settings, picked: Iterable[Letter], to: str | None) -> list[Replay]:
    replays = [Replay(letter, replay(letter, to), marker(letter)) for letter in picked]
    counts = require_topics(admin(settings), settings, {one.output.topic for one in replays})
    return [one if one.output.partition < counts[one.output.topic] else _unplaced(one) for one in replays]


def _unplaced(one: Replay) -> Replay:
    """The topic has fewer partitions than it had: let the key decide."""
    return Replay(one.letter, one.output._replace(partition=-1), one.marker)


def _commit(sender: Producer, outputs: Iterable[Output]) -> None:
    sender.begin_transaction()
    try:
        for output in outputs:
            _produce(sender, output)
        sender.commit_transaction(TRANSACTION_SECONDS)
    except KafkaException as error:
        if error.args[0].txn_requires_abort():
            sender.abort_transaction(TRANSACTION_SECONDS)
        raise


def _produce(sender: Producer, output: Output) -> None:
    while True:
        try:
            sender.produce(output.topic, output.value, output.key, output.partition, headers=list(output.headers))
            return
        except BufferError:
            sender.poll(0.1)
