"""What was tried already, so that a run that was interrupted goes on where it was."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of removing one guard: the test that turned red, or None; `note` says more."""

    name: str
    test: str | None
    seconds: float
    note: str = ""


class Progress:
    """The trials of one state of the code, in a file; those of another state do not count."""

    def __init__(self, path: Path, fingerprint: str) -> None:
        self._path, self._fingerprint = path, fingerprint
        self.tried: dict[str, Tried] = {}
        if path.is_file():
            kept = json.loads(path.read_text())
            if kept["fingerprint"] == fingerprint:
                self.tried = {one["name"]: Tried(**one) for one in kept["tried"]}

    def add(self, tried: Tried) -> None:
        """Keeps one that was caught; another is tried again."""
        if tried.test is None:
            return
        self.tried[tried.name] = tried
        self._path.parent.mkdir(parents=True, exist_ok=True)
        kept = {"fingerprint": self._fingerprint, "tried": [asdict(one) for one in self.tried.values()]}
        self._path.write_text(json.dumps(kept, indent=1))
