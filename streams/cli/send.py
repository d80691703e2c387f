"""`sluicegate send`: requests from arguments, a file or standard input, to a processor."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from schemas.avsc import load as load_schema
from schemas.codec import Codec
from schemas.errors import Misconfigured
from schemas.subjects import subject
from schemas.topics import name_problem
from streams.cli.errors import FAILED, MISTAKE, complain
from streams.cli.progress import Meter, meter
from streams.client.connection import admin, open_registry, producer, require_topics
from streams.client.drafts import Drafter, Encode, WrongRecord, as_json
from streams.client.durations import milliseconds
from streams.client.lines import Line, WrongLine, from_arguments, header_pair, read_lines, typed
from streams.client.requests import SentHeaders, deadline_header, user_headers
from streams.client.routes import request_topic
from streams.client.sending import NotDelivered, Sender
from streams.client.shaping import Shaper
from streams.lanes import find
from streams.mistake import UserMistake
from streams.settings import Settings, load

Lines = Iterator[Line | WrongLine]

examples = (
    "sluicegate send echo payload=hello",
    "sluicegate send embed text=@README.md --deadline 30s",
    'sluicegate send embed \'{"text": "the sea was calm"}\'',
    "sluicegate send digits --file digits.jsonl",
    "cat texts.jsonl | sluicegate send embed --keep-going",
)


def command(
    processor: Annotated[str, typer.Argument(help="The processor or other lane, such as echo, digits or ledger.")],
    fields: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FIELD=VALUE]...", help="One request, also as one JSON object; without it, JSON lines are read."
        ),
    ] = None,
    file: Annotated[str, typer.Option("--file", "-f", help="JSON lines; - is standard input.")] = "-",
    key_field: Annotated[
        str | None,
        typer.Option(help="The field that becomes the record's key; default: the lane's own, or the request id."),
    ] = None,
    deadline: Annotated[
        str | None, typer.Option(help="How long each answer is of use, such as 500ms, 30s or 5m.")
    ] = None,
    reply_to: Annotated[str | None, typer.Option(help="The topic that answers go to.")] = None,
    header: Annotated[list[str] | None, typer.Option("--header", "-H", help="name=value, any number of times.")] = None,
    json_wire: Annotated[bool, typer.Option("--json-wire", help="Send JSON instead of Avro.")] = False,
    keep_going: Annotated[
        bool, typer.Option("--keep-going", help="Leave wrong lines out instead of stopping at the first.")
    ] = False,
) -> None:
    """Send requests to a processor, each checked before it goes.

    Answers come on the processor's results topic, or on --reply-to; `sluicegate tail` shows them.
    """
    settings = load()
    lines = _lines(fields or [], file)
    base = _headers(header or [], reply_to, json_wire)
    span = None if deadline is None else _span(deadline)
    drafter = _drafter(settings, processor, key_field, json_wire, by_hand=bool(fields) and not _is_object(fields))
    outbox = _outbox(settings, processor)
    try:
        wrong = _send_all(lines, drafter, outbox, base, span, keep_going)
        outbox.finish()
    except NotDelivered as error:
        complain(str(error), FAILED)
    typer.echo(f"sent {outbox.sent:,} to {outbox.topic}" + (f", left {wrong:,} out" if wrong else ""), err=True)
    if wrong:
        raise SystemExit(MISTAKE)


def _is_object(fields: Sequence[str] | None) -> bool:
    """Whether what was given is one JSON object, and no pairs."""
    return fields is not None and len(fields) > 0 and fields[0].lstrip().startswith("{")


def _lines(fields: list[str], file: str) -> Lines:
    try:
        if _is_object(fields):
            return read_lines([field.encode() for field in fields], "arguments")
        if fields:
            return iter([Line(from_arguments(fields), "")])
    except WrongLine as error:
        raise UserMistake(str(error)) from None
    if file != "-":
        try:
            return read_lines(Path(file).open("rb"), file)
        except OSError as error:
            raise UserMistake(f"{file} can't be read: {error.strerror}") from None
    if sys.stdin.isatty():
        raise UserMistake("nothing to send: give field=value, --file lines.json, or pipe JSON lines in")
    return read_lines(sys.stdin.buffer, "standard input")


def _headers(given: list[str], reply_to: str | None, json_wire: bool) -> SentHeaders:
    try:
        headers = user_headers([header_pair(one) for one in given])
    except ValueError as error:
        raise UserMistake(f"--header: {error}") from None
    if reply_to is not None:
        problem = name_problem(reply_to)
        if problem is not None:
            raise UserMistake(f"--reply-to: {problem}")
        headers.append(("reply-to", reply_to.encode()))
    if json_wire:
        headers.append(("content-type", b"application/json"))
    return headers


def _span(deadline: str) -> int:
    try:
        return milliseconds(deadline)
    except ValueError as error:
        raise UserMistake(f"--deadline: {error}") from None


def _drafter(settings: Settings, processor: str, key_field: str | None, json_wire: bool, by_hand: bool) -> Drafter:
    try:
        kind = find(processor)
    except Misconfigured as error:
        raise UserMistake(str(error)) from None
    shaper = Shaper(load_schema(processor, "request"), typed if by_hand else None)
    encode = as_json if json_wire else _avro(settings, processor)
    return Drafter(shaper, kind.request, encode, key_field or kind.key_field)


def _avro(settings: Settings, processor: str) -> Encode:
    topic = request_topic(settings, processor)
    codec = Codec(load_schema(processor, "request"), subject(topic), open_registry(settings))
    codec.bind()
    return codec.encode


def _outbox(settings: Settings, processor: str) -> Sender:
    topic = request_topic(settings, processor)
    require_topics(admin(settings), settings, [topic])
    return Sender(settings, producer(settings, "send", **{"linger.ms": 20}), topic)


def _send_all(
    lines: Lines, drafter: Drafter, outbox: Sender, base: SentHeaders, span: int | None, keep_going: bool
) -> int:
    """Send what is right, tell what is wrong, and count that; the first wrong one ends it unless `keep_going`."""
    wrong = 0
    with meter("sending") as shown:
        for line in lines:
            try:
                _send_one(line, drafter, outbox, base, span)
                shown.advance()
            except (WrongLine, WrongRecord) as error:
                wrong += 1
                _wrong(error, line, outbox, shown, keep_going)
    return wrong


def _send_one(line: Line | WrongLine, drafter: Drafter, outbox: Sender, base: SentHeaders, span: int | None) -> None:
    if isinstance(line, WrongLine):
        raise line
    draft = drafter.draft(line.value)
    outbox.send(draft.key, draft.value, base if span is None else [*base, deadline_header(span)])


def _wrong(error: Exception, line: Line | WrongLine, outbox: Sender, shown: Meter, keep_going: bool) -> None:
    where = f"{line.where}: " if isinstance(line, Line) and line.where else ""
    if keep_going:
        shown.note(f"sluicegate: {where}{error}")
        return
    outbox.finish()
    before = f" ({outbox.sent:,} were sent before it)" if outbox.sent else ""
    raise UserMistake(f"{where}{error}{before}")
