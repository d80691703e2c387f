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
    """The trials that were kept in a file; `fingerprints` tell, for each guard, whether its trial still counts."""

    def __init__(self, path: Path, fingerprints: dict[str, str]) -> None:
        self._path, self._fingerprints = path, fingerprints
        self.tried: dict[str, Tried] = {}
        if path.is_file():
            for kept in json.loads(path.read_text()):
                if fingerprints.get(kept["tried"]["name"]) == kept["fingerprint"]:
                    self.tried[kept["tried"]["name"]] = Tried(**kept["tried"])

    def add(self, tried: Tried) -> None:
        """Keeps one that was caught; another is tried again."""
        if tried.test is None:
            return
        self.tried[tried.name] = tried
        self._path.parent.mkdir(parents=True, exist_ok=True)
        kept = [{"fingerprint": self._fingerprints[name], "tried": asdict(one)} for name, one in self.tried.items()]
        self._path.write_text(json.dumps(kept, indent=1))
