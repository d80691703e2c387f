"""Where trials run: a folder, and local stacks that start when a trial asks and are gone when it has ended."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from streams.settings import Settings
from streams.stack.layout import Layout
from streams.stack.testing import StackForTests


class Ground:
    """One stack for all trials that leave it whole, others for those that don't. A context manager."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.folder = folder
        self.jars = Layout.of(settings.stack).jars
        self._shared: StackForTests | None = None

    def __enter__(self) -> "Ground":
        return self

    def __exit__(self, *_: object) -> None:
        if self._shared is not None:
            self._shared.discard()

    @property
    def settings(self) -> Settings:
        """Settings that point at the shared stack; the first call starts it, and blocks for some seconds."""
        if self._shared is None:
            self._shared = StackForTests.on_free_ports(self.new_folder(), self.jars)
            self._shared.up()
        return self._shared.settings

    @contextmanager
    def stack(self) -> Iterator[StackForTests]:
        """A started stack for one round, which may kill it. Blocks for some seconds."""
        stack = StackForTests.on_free_ports(self.new_folder(), self.jars)
        try:
            stack.up()
            yield stack
        finally:
            stack.discard()

    def new_folder(self) -> Path:
        """An empty folder of its own, gone with the ground."""
        folder = self.folder / uuid4().hex[:8]
        folder.mkdir(parents=True)
        return folder
