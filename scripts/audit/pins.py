"""What requirements.txt pins: names, versions, where they count, hashes of every file that may be installed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PIN = re.compile(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>[^\s;\\]+)(?:\s*;\s*(?P<marker>[^\\]*?))?\s*(?P<rest>--hash.*)?"
)
HASH = re.compile(r"--hash=(?P<algorithm>[a-z0-9]+):(?P<digest>[0-9a-f]+)")
DIGITS = 64


@dataclass(frozen=True, slots=True)
class Pin:
    """One package; `marker` says on which machines it is installed, if not on all."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]

    @property
    def purl(self) -> str:
        """Its name for programs."""
        return f"pkg:pypi/{canonical(self.name)}@{self.version}"


def canonical(name: str) -> str:
    """A package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read(path: Path) -> list[Pin]:
    """Every pin of the file. Raises ValueError for a line that is none."""
    return [_pin(line) for line in _lines(path.read_text())]


def problems(pins: list[Pin]) -> list[str]:
    """What is wrong with the pins themselves; empty when each has hashes and none is there twice."""
    found = [f"{pin.name} {pin.version} has no hash: run `make pin`" for pin in pins if not pin.hashes]
    names = [canonical(pin.name) for pin in pins]
    return found + [f"{name} is pinned more than once" for name in sorted({n for n in names if names.count(n) > 1})]


def _lines(text: str) -> Iterator[str]:
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip() and not line.startswith("#"):
            yield line.strip()


def _pin(line: str) -> Pin:
    match = PIN.fullmatch(line)
    if match is None:
        raise ValueError(f"requirements.txt: {line[:80]!r} pins nothing: run `make pin`")
    hashes = list(HASH.finditer(match["rest"] or ""))
    weak = [found["algorithm"] for found in hashes if found["algorithm"] != "sha256" or len(found["digest"]) != DIGITS]
    if weak:
        raise ValueError(f"requirements.txt: {match['name']} has a hash that is no sha256: {weak[0]}")
    digests = tuple(found["digest"] for found in hashes)
    return Pin(match["name"], match["version"], (match["marker"] or "").strip(), digests)
