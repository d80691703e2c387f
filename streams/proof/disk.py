"""A small file system that a trial fills up, and makes room on again. Needs root: it is mounted."""

import errno
import os
import subprocess
from pathlib import Path
from typing import Self

CHUNK = bytes(65_536)


class Disk:
    """A tmpfs of so many megabytes over a folder, which is made; a context manager that unmounts it."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        self.folder, self._megabytes = folder, megabytes
        self._ballast = folder / "ballast"

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        size = f"size={self._megabytes}m,mode=0755"
        subprocess.run(["mount", "-t", "tmpfs", "-o", size, "none", str(self.folder)], check=True)
        return self

    def __exit__(self, *_: object) -> None:
        # Lazily: whoever still has a file open there may end later.
        subprocess.run(["umount", "--lazy", str(self.folder)], check=True)

    def fill(self) -> None:
        """Leaves no room at all."""
        descriptor = os.open(self._ballast, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            while True:
                os.write(descriptor, CHUNK)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
        finally:
            os.close(descriptor)

    def make_room(self) -> None:
        """Gives back what `fill` took."""
        self._ballast.unlink()

    @property
    def free(self) -> int:
        """How many bytes are free."""
        found = os.statvfs(self.folder)
        return found.f_bavail * found.f_frsize
