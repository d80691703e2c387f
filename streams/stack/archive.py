"""Class archives (CDS): what a JVM loaded last time, mapped instead of read again; they halve the work of a start.

The first run of a service writes one when it ends by itself; later ones use it. Java ignores one that does not fit it.
"""

import hashlib
from pathlib import Path

from streams.stack import programs
from streams.stack.layout import Layout


def is_kept(name: str, layout: Layout) -> bool:
    """Whether the next start of this service is a quick one."""
    return finished(name, layout).is_file()


def arguments(name: str, layout: Layout) -> list[str]:
    """The JVM's argument that uses the service's archive, or that has it written when the service ends."""
    if is_kept(name, layout):
        return [f"-XX:SharedArchiveFile={finished(name, layout)}"]
    return [f"-XX:ArchiveClassesAtExit={fresh(name, layout)}"]


def keep(name: str, layout: Layout) -> None:
    """Take over what a service wrote that ended by itself; one that was killed may have left a torso."""
    if fresh(name, layout).is_file():
        fresh(name, layout).replace(finished(name, layout))


def drop(name: str, layout: Layout) -> None:
    """Delete what a service wrote that was killed."""
    fresh(name, layout).unlink(missing_ok=True)


def finished(name: str, layout: Layout) -> Path:
    """The archive beside the jars that it belongs to, for every stack that uses them and this Java."""
    return layout.jars / f"{name}-{java_digest()}.jsa"


def fresh(name: str, layout: Layout) -> Path:
    """Where a service of this stack writes one; nobody else reads or writes there."""
    return finished(name, layout).with_suffix(f".{digest(str(layout.root))}")


def java_digest() -> str:
    """What changes when Java is upgraded: an archive fits the very build that wrote it."""
    program = Path(programs.java()).resolve()
    return digest(f"{program} {program.stat().st_mtime_ns}")


def digest(text: str) -> str:
    """A short name for a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]
