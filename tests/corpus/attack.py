"""The corpus: one file for each attack, with what must be answered. Large values are written as a recipe.

about = "what it tries"
answer = "dead letter"           # or COMPLETED, or the code of a failure; several are a list
says = "words of the answer"     # may be left out
headers = [["deadline", "soon"]] # the value's text; null for none; a third number repeats it
key = "key"                      # without it the record has none
schema = '{...}'                 # the writer's, or "own"; its frame is put before the value. MANY are 20,000 zeros
[[part]]                         # parts of the value, in order: text, hex or base64, so many `times`
text = "["
times = 1000
upto = 1010                      # one attack for each number of times from `times` on
"""

import tomllib
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
DEAD_LETTER = "dead letter"
OWN = "own"
MANY = ",".join(["0"] * 20_000)


@dataclass(frozen=True, slots=True)
class Attack:
    """One attack; `values` are its value in every size that the recipe asks for."""

    name: str
    about: str
    answers: tuple[str, ...]
    says: str
    values: tuple[bytes, ...]
    headers: tuple[tuple[str, bytes | None], ...]
    key: bytes | None
    schema: str | None
    lane: str


def attacks(kind: str) -> list[Attack]:
    """The attacks of one folder."""
    return [read(path) for path in sorted((FOLDER / kind).glob("*.toml"))]


def read(path: Path) -> Attack:
    """The attack that a file describes."""
    found: dict[str, Any] = tomllib.loads(path.read_text())
    answer = found["answer"]
    key = found.get("key")
    return Attack(
        name=path.stem,
        about=found["about"],
        answers=tuple(answer) if isinstance(answer, list) else (answer,),
        says=found.get("says", ""),
        values=tuple(_values(found.get("part", []))),
        headers=tuple(header for one in found.get("headers", ()) for header in _header(*one)),
        key=None if key is None else key.encode(),
        schema=schema.replace("MANY", MANY) if (schema := found.get("schema")) else None,
        lane=found.get("lane", "echo"),
    )


def _values(parts: list[dict[str, Any]]) -> Iterator[bytes]:
    ranges = [(one["times"], one["upto"]) for one in parts if "upto" in one]
    for more in range(max((upto - times for times, upto in ranges), default=0) + 1):
        yield b"".join(_bytes(one) * (one.get("times", 1) + more * ("upto" in one)) for one in parts)


def _bytes(part: dict[str, Any]) -> bytes:
    if "hex" in part:
        return bytes.fromhex(part["hex"])
    if "base64" in part:
        return b64decode(part["base64"])
    return part["text"].encode(part.get("encoding", "utf-8"), "surrogatepass")


def _header(name: str, value: str, times: int = 1) -> list[tuple[str, bytes | None]]:
    return [(name, value.encode())] * times
