"""Files with secrets: nobody but their owner may read them, not even for the moment between making and closing them."""

import os
from pathlib import Path

OWNER_READS, OWNER_ENTERS = 0o600, 0o700


def write_private(path: Path, text: str) -> None:
    """Writes a file that only its owner may read, whole or not at all; one that is there is replaced."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    opened = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_READS)
    with os.fdopen(opened, "w") as file:
        os.fchmod(file.fileno(), OWNER_READS)
        file.write(text)
    unfinished.replace(path)


def make_private(folder: Path) -> None:
    """Makes a folder that only its owner may enter."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(OWNER_ENTERS)
