"""A guard that a document of ours names, and what removes it.

The lists are beside this file, in `guards/*.toml`, one for each part of the project.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LISTS = Path(__file__).parent / "guards"
FIELDS = {"name", "page", "says", "file", "old", "new", "test", "stack"}


class WrongGuard(Exception):
    """A list that says nothing usable, or a guard whose text is not in the code any more."""


@dataclass(frozen=True, slots=True)
class Guard:
    """`page` is the document that names it and `says` the words there; `old` in `file` becomes `new`, without it.

    `test` is what must then turn red; `stack` says that it needs a Kafka and a registry.
    """

    name: str
    page: str
    says: str
    file: str
    old: str
    new: str
    test: str
    stack: bool = False

    def removed(self, source: str) -> str:
        """The file's text without the guard; raises WrongGuard where its text is not there exactly once."""
        found = source.count(self.old)
        if found != 1:
            raise WrongGuard(f"{self.name}: its text is {found} times in {self.file}; mend tests/mutants/guards")
        return source.replace(self.old, self.new)


def load(folder: Path = LISTS) -> list[Guard]:
    """All guards in the order of the lists; raises WrongGuard for an entry that lacks something or has a twin."""
    guards = [guard for path in sorted(folder.glob("*.toml")) for guard in _read(path)]
    names = [guard.name for guard in guards]
    twins = sorted({name for name in names if names.count(name) > 1})
    if twins:
        raise WrongGuard(f"more than one guard is named {', '.join(twins)}")
    return guards


def _read(path: Path) -> Iterator[Guard]:
    for entry in tomllib.loads(path.read_text())["guard"]:
        missing, unknown = FIELDS - {"stack"} - entry.keys(), entry.keys() - FIELDS
        if missing or unknown:
            raise WrongGuard(f"{path.name}: {entry.get('name')}: lacks {sorted(missing)}, knows no {sorted(unknown)}")
        yield Guard(**entry)
