"""Brings the peers to this machine, once, each apart from the project's own packages."""

import subprocess
import sys
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
PLACE = FOLDER.parent.parent / ".sluicegate" / "peers"


@cache
def quix_python() -> Path:
    """The interpreter of a virtual environment with Quix Streams, at the versions and hashes that are pinned."""
    place, requirements = PLACE / "quix", FOLDER / "quix-requirements.txt"
    python, stamp = place / "bin" / "python", place / "installed"
    if not stamp.is_file() or stamp.read_text() != requirements.read_text():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(place)], check=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
        subprocess.run([*install, "-r", str(requirements)], check=True)
        stamp.write_text(requirements.read_text())
    return python


@cache
def kafka_streams_jars() -> str:
    """A class path with the Kafka Streams program."""
    place, source = PLACE / "kafka-streams", FOLDER / "kafka-streams"
    program = place / "kafka-streams-copy-1.jar"
    newest = max(one.stat().st_mtime for one in source.rglob("*") if one.is_file())
    if not program.is_file() or program.stat().st_mtime < newest:
        maven = ["mvn", "-q", "-B", "-C", "-f", str(source / "pom.xml"), "package", f"-Dmade={place}"]
        subprocess.run(maven, check=True)
    return f"{program}:{place}/jars/*"
