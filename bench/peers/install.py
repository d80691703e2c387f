"""Brings the peers to this machine, once, each apart from the project's own packages."""

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
PLACE = FOLDER.parent.parent / ".sluicegate" / "peers"
TEMPORAL = "github.com/temporalio/cli/cmd/temporal@v1.5.1"


@cache
def quix_python() -> Path:
    """The interpreter of a virtual environment with Quix Streams."""
    return _python("quix")


@cache
def temporal_python() -> Path:
    """The interpreter of a virtual environment with Temporal's SDK."""
    return _python("temporal")


@cache
def temporal_server() -> Path | None:
    """Temporal's command line, which has the development server; None where there is no Go to build it with."""
    place = PLACE / "temporal-server"
    program, go = place / "temporal", shutil.which("go")
    if not program.is_file():
        if go is None:
            return None
        subprocess.run([go, "install", TEMPORAL], check=True, env={**os.environ, "GOBIN": str(place)})
    return program


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


def _python(peer: str) -> Path:
    """A virtual environment with a peer's packages, at the versions and hashes that are pinned."""
    place, requirements = PLACE / peer, FOLDER / f"{peer}-requirements.txt"
    python, stamp = place / "bin" / "python", place / "installed"
    if not stamp.is_file() or stamp.read_text() != requirements.read_text():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(place)], check=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
        subprocess.run([*install, "-r", str(requirements)], check=True)
        stamp.write_text(requirements.read_text())
    return python
