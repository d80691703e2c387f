"""The shell blocks of a document that are marked to be run, and a shell to run them in."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from streams.testing import eventually

ROOT = Path(__file__).parents[3]
PACKAGES = ("schemas", "processors", "sagas", "streams", "examples")
SECOND_TERMINAL = "second terminal"
MARKED = re.compile(
    r"^<!-- (?P<name>\w+)(?:: (?P<how>[^\n]+?))? -->\n```sh\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True)
class Block:
    """Lines for a shell; `until` is a word that its output must have in the end, `behind` keeps it running."""

    text: str
    until: str | None
    behind: bool


def blocks(document: Path, name: str) -> list[Block]:
    """The blocks below `<!-- name -->`, `<!-- name: until WORD -->` and `<!-- name: second terminal -->`."""
    found = [match for match in MARKED.finditer(document.read_text()) if match["name"] == name]
    return [
        Block(match["text"], (match["how"] or "").removeprefix("until ") or None, match["how"] == SECOND_TERMINAL)
        for match in found
    ]


@dataclass
class Shell:
    """Runs blocks in a copy of the packages, against the stack that the variables name."""

    folder: Path
    variables: Mapping[str, str]
    behind: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @classmethod
    def in_copy(cls, folder: Path, variables: Mapping[str, str]) -> "Shell":
        """A shell whose `sluicegate` runs the code of a fresh copy, so that a block may add to it."""
        for package in PACKAGES:
            shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        return cls(folder, {**os.environ, **variables, "PATH": path, "PYTHONPATH": str(folder)})

    def run(self, block: Block, within: float) -> None:
        """Runs a block; one with `until` again and again, for answers take a moment."""
        if block.behind:
            self._start(block)
        elif block.until is None:
            self._output(block)
        else:
            until = block.until
            eventually(lambda: until in self._output(block), within=within, every=0.5, what=f"{until} by {block.text}")

    def end(self) -> None:
        """Ends what runs in the second terminal, as Control-C would."""
        for process in self.behind:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            finally:
                process.kill()

    def _start(self, block: Block) -> None:
        with (self.folder / "second-terminal.log").open("ab") as log:
            command = ["bash", "-euc", f"exec {block.text.strip()}"]
            self.behind.append(
                subprocess.Popen(command, cwd=self.folder, env=dict(self.variables), stdout=log, stderr=log)
            )

    def _output(self, block: Block) -> str:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block.text],
            cwd=self.folder,
            env=dict(self.variables),
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, f"{block.text}\n{done.stdout}\n{done.stderr}"
        return done.stdout


def shells(folder: Path, variables: Mapping[str, str]) -> Iterator[Shell]:
    """For a fixture: a shell that leaves nothing running."""
    shell = Shell.in_copy(folder, variables)
    try:
        yield shell
    finally:
        shell.end()
