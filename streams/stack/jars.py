"""Fetch the jars of Kafka and the registry with Maven, once."""

import hashlib
import re
import subprocess
import sys
from collections.abc import Callable
from importlib.resources import as_file, files
from pathlib import Path

from filelock import FileLock

from streams.cli.errors import told
from streams.mistake import UserMistake
from streams.settings import load
from streams.stack import programs
from streams.stack.layout import Layout

POM = files("streams.stack") / "pom.xml"
DOWNLOADED = re.compile(r"Downloaded from .*/([^/ ]+(?:\.jar|\.tar\.gz) \(.*\))")
"""What of Maven's output is progress to a person."""


def fetch(folder: Path, report: Callable[[str], None]) -> None:
    """Have the pom's jars in `folder`; at once when they are there already.

    Blocks while Maven downloads (some 170 MB the first time) and calls `report` with a line for each file.
    Two processes may call it together: the second waits. Raises UserMistake when Maven is missing or fails.
    """
    if is_fetched(folder):
        return
    mvn = programs.maven()
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "jars.lock"):
        if not is_fetched(folder):
            for archive in folder.glob("*.jsa"):
                archive.unlink()  # it fits the old jars
            run_maven(mvn, folder, report)
            stamp(folder).write_text(wanted())


def is_fetched(folder: Path) -> bool:
    """Whether the folder holds the jars of this very pom."""
    return stamp(folder).is_file() and stamp(folder).read_text() == wanted()


def stamp(folder: Path) -> Path:
    """The file that says which pom the jars came from; written last."""
    return folder / "pom.sha256"


def wanted() -> str:
    """The digest of the pom."""
    return hashlib.sha256(POM.read_bytes()).hexdigest()


def run_maven(mvn: str, folder: Path, report: Callable[[str], None]) -> None:
    """Run Maven; its last lines are the message when it fails."""
    said: list[str] = []
    with as_file(POM) as pom:
        # -C: a jar whose checksum does not match is an error, not a warning
        command = [mvn, "-B", "-C", "-f", str(pom), "package", f"-Djars={folder}"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
            assert process.stdout is not None
            for line in process.stdout:
                said.append(line.rstrip())
                if downloaded := DOWNLOADED.search(line):
                    report(downloaded.group(1))
    if process.returncode != 0:
        errors = [line for line in said if "ERROR" in line] or said[-3:]
        raise UserMistake(f"Maven could not fetch the jars (is the network there?): {' '.join(errors[:2])}")


def main() -> None:
    """Fetch the jars of the default place, every file a line: for `make test`, which shows nothing else meanwhile."""
    with told():
        settings = load().stack
        if programs.engine(settings.engine) == "java":
            fetch(Layout.of(settings).jars, lambda line: print(f"jars: {line}", file=sys.stderr))  # noqa: T201 a program of its own


if __name__ == "__main__":
    main()
