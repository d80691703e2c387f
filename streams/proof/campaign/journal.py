"""Which rounds are over, on disk: a campaign that was cut short goes on where it was."""

import json
import shutil
from pathlib import Path
from random import SystemRandom

from streams.proof.campaign.tally import Tally


class Journal:
    """The rounds of one form of the campaign: one file for each, and one that holds the campaign's seed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def seed(self, chosen: int | None) -> int:
        """The campaign's seed: the one chosen, else that of the campaign which was cut short, else a new one."""
        kept = self._folder / "seed"
        seed = chosen if chosen is not None else int(kept.read_text()) if kept.is_file() else None
        seed = SystemRandom().randrange(1_000_000) if seed is None else seed
        kept.write_text(f"{seed}\n")
        return seed

    def read(self, code: str, seed: int) -> Tally | None:
        """What a round counted, or None if it is not over."""
        path = self._path(code, seed)
        return Tally.from_json(json.loads(path.read_text())) if path.is_file() else None

    def write(self, code: str, seed: int, tally: Tally) -> None:
        """Keeps what a round counted."""
        path = self._path(code, seed)
        unfinished = path.with_suffix(".new")
        unfinished.write_text(json.dumps(tally.as_json(), indent=1) + "\n")
        unfinished.replace(path)

    def logs(self, code: str, seed: int) -> Path:
        """Where the logs of a round that was broken belong."""
        return self._path(code, seed).with_suffix("")

    def forget(self, *, broken: bool = False) -> None:
        """Has every round run again, or only those that were broken."""
        for path in self._folder.glob("*.json"):
            if not broken or not Tally.from_json(json.loads(path.read_text())).holds:
                path.unlink()
                shutil.rmtree(path.with_suffix(""), ignore_errors=True)
        if not broken:
            (self._folder / "seed").unlink(missing_ok=True)

    def _path(self, code: str, seed: int) -> Path:
        return self._folder / f"{code}-{seed}.json"
