"""Requests from what a person has: `field=value` arguments, or lines of JSON."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from streams.client.shaping import from_base64

BASE64 = "base64:"
FILE = "@"


class WrongLine(ValueError):
    """An argument or a line that is no record; the text says which, and why."""


@dataclass(frozen=True, slots=True)
class Line:
    """A JSON object, and for people where it stood."""

    value: Mapping[str, Any]
    where: str


def from_arguments(arguments: Iterable[str]) -> dict[str, str]:
    """One record from `field=value` pairs, all still text.

    Raises WrongLine for what has no `=` and for a field given twice.
    """
    record: dict[str, str] = {}
    for argument in arguments:
        name, equals, text = argument.partition("=")
        if not equals or not name:
            raise WrongLine(f"{argument!r} is no field=value pair")
        if name in record:
            raise WrongLine(f"the field {name!r} is given twice")
        record[name] = text
    return record


def typed(text: str, kind: str) -> Any:
    """What a typed text means for a field of this kind.

    For bytes: UTF-8, `base64:...`, or `@file` for a file's content; for text: itself, or `@file`; for numbers,
    lists and tensors: JSON. Raises ValueError for what does not fit.
    """
    if kind in ("bytes", "string"):
        data = _content(text, kind)
        return data if kind == "bytes" else data.decode()
    if kind == "enum":
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError(f"{text[:40]!r} is no {kind}; write it as JSON") from None


def _content(text: str, kind: str) -> bytes:
    if kind == "bytes" and text.startswith(BASE64):
        return from_base64(text.removeprefix(BASE64))
    if not text.startswith(FILE):
        return text.encode()
    try:
        return Path(text.removeprefix(FILE)).read_bytes()
    except OSError as error:
        raise ValueError(f"{text.removeprefix(FILE)} can't be read: {error.strerror}") from None


def read_lines(lines: Iterable[bytes], source: str) -> Iterator[Line | WrongLine]:
    """Each line's JSON object, or why it is none; blank lines are left out."""
    for number, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        where = f"{source}, line {number}"
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            yield WrongLine(f"{where}: this is no JSON: {error}")
            continue
        if isinstance(value, dict):
            yield Line(value, where)
        else:
            yield WrongLine(f"{where}: this must be a JSON object with the request's fields")


def header_pair(text: str) -> tuple[str, str]:
    """A header from `name=value`; raises WrongLine for anything else."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise WrongLine(f"{text!r} is no header; write name=value")
    return name, value
