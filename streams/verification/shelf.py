"""A shelf of pages in a temporary file."""

from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import Self

from streams.verification.pages import BYTES


class FileShelf:
    """Pages in a file that nobody else sees and that goes with this object; a context manager."""

    def __init__(self, folder: Path | None = None) -> None:
        self._file = TemporaryFile(dir=folder)  # noqa: SIM115 # closed by __exit__
        self._places: dict[int, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    def put(self, key: int, page: bytes) -> None:
        """Writes a page. Raises OSError, for one when the disk is full."""
        self._file.seek(self._places.setdefault(key, len(self._places)) * BYTES)
        self._file.write(page)

    def get(self, key: int) -> bytes | None:
        """Reads a page."""
        place = self._places.get(key)
        if place is None:
            return None
        self._file.seek(place * BYTES)
        return self._file.read(BYTES)
