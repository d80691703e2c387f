"""`sluicegate tail`: a topic's records as JSON lines."""

from collections.abc import Generator, Iterator
from contextlib import closing
from itertools import chain
from typing import Annotated

import typer

from streams.cli.printing import print_lines
from streams.client.any_decoder import AnyDecoder
from streams.client.connection import open_registry
from streams.client.readable import readable
from streams.client.reading import TopicReader
from streams.client.record import Record
from streams.client.show import Display, KeyFormat, line
from streams.client.spans import Place, last_of
from streams.mistake import UserMistake
from streams.settings import load

NEWEST = 10

Records = Iterator[Record | None]

examples = (
    "sluicegate tail sluicegate.echo.results --follow",
    "sluicegate tail sluicegate.digits.results --from-beginning --max 5 --headers",
    "sluicegate tail sluicegate.embed.results --from-beginning | jq .status",
)


def command(
    topic: Annotated[str, typer.Argument(help="Any topic.")],
    from_beginning: Annotated[
        bool, typer.Option("--from-beginning", help=f"All that it has; default: the {NEWEST} newest.")
    ] = False,
    most: Annotated[int | None, typer.Option("--max", "-n", min=1, help="So many records at most.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="What comes from now on, until interrupted.")] = False,
    headers: Annotated[
        bool, typer.Option("--headers", help="The whole record: place, time, key, headers and value.")
    ] = False,
    partition: Annotated[int | None, typer.Option(min=0, help="Only this partition.")] = None,
    key_format: Annotated[
        KeyFormat, typer.Option(help="Keys, with --headers; auto is text, or base64: for what is none.")
    ] = "auto",
) -> None:
    """Print a topic's committed records, one JSON object a line; bytes appear as base64, or as the JSON in them.

    Without --follow it ends where the topic ended when it began. --from-beginning --follow gives both.
    """
    settings = load()
    reader = TopicReader(settings, "tail")
    places = _places(reader, topic, partition)
    decode = AnyDecoder(open_registry(settings), readable)
    display = Display(headers, key_format)
    records = _records(reader, places, from_beginning, follow, most)
    try:
        with closing(at_most(records, most)) as wanted:
            print_lines(None if record is None else line(record, decode, display) for record in wanted)
    except KeyboardInterrupt:
        if not follow:
            raise


def at_most(records: Records, most: int | None) -> Generator[Record | None, None, None]:
    """The first so many records, or all; None, which is no record, passes through."""
    left = most
    for record in records:
        yield record
        if left is not None and record is not None:
            left -= 1
            if left == 0:
                return


def newest(records: Iterator[Record], count: int) -> list[Record]:
    """The newest records of several partitions, oldest first."""
    ordered = sorted(records, key=lambda record: (record.timestamp, record.partition, record.offset))
    return ordered[-count:]


def _places(reader: TopicReader, topic: str, partition: int | None) -> list[Place]:
    places = reader.partitions([topic])
    if partition is None:
        return places
    if (topic, partition) not in places:
        raise UserMistake(f"{topic!r} has partitions 0 to {len(places) - 1}, and no {partition}")
    return [(topic, partition)]


def _records(reader: TopicReader, places: list[Place], from_beginning: bool, follow: bool, most: int | None) -> Records:
    if follow:
        return reader.follow(reader.earliest(places) if from_beginning else reader.latest(places))
    spans = reader.spans(places)
    if from_beginning:
        return chain(reader.read(spans))
    count = most or NEWEST
    deep = last_of(spans, count * 3 + 100)  # offsets of transactions' markers hold no records
    return iter(newest(reader.read(deep), count))
