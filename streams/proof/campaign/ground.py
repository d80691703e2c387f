"""Where trials run: a folder, and local stacks that start when a trial asks and are gone when it has ended."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from streams.proof.cluster import Cluster
from streams.settings import Settings
from streams.stack.layout import Layout
from streams.stack.testing import StackForTests

LOGS = ("logs", "workers")
"""The folders of a stack that hold logs of programs; other files of that name are Kafka's data."""


class Ground:
    """One stack for all trials that leave it whole, others for those that don't. A context manager."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.folder = folder
        self.jars = Layout.of(settings.stack).jars
        self._ended = folder / "ended"
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
            self.discard(stack)

    @contextmanager
    def cluster(self) -> Iterator[Cluster]:
        """Three started nodes for one round, which may kill them. Blocks for some seconds."""
        folder = self.new_folder()
        with Cluster(folder, self.settings) as cluster:
            try:
                yield cluster
            finally:
                copy_logs(folder, self._ended / folder.name)

    def discard(self, stack: StackForTests) -> None:
        """Ends a stack; what its programs said stays until the end of the round."""
        try:
            copy_logs(stack.settings.stack.directory, self._ended / stack.settings.stack.directory.name)
        finally:
            stack.discard()

    def keep_logs(self, target: Path) -> None:
        """Copies the logs of all stacks, and of their workers, there: of those that run and those of this round."""
        copy_logs(self.folder, target)

    def forget_logs(self) -> None:
        """Forgets the logs of stacks that are gone."""
        shutil.rmtree(self._ended, ignore_errors=True)

    def new_folder(self) -> Path:
        """An empty folder of its own, gone with the ground."""
        folder = self.folder / uuid4().hex[:8]
        folder.mkdir(parents=True)
        return folder


def copy_logs(source: Path, target: Path) -> None:
    """Copies the programs' logs below `source`, as they lie there; one that can't be copied is left out."""
    for name, _, files in os.walk(source):
        folder = Path(name)
        if folder.name in LOGS:
            for file in files:
                with suppress(OSError):
                    copy = target / folder.relative_to(source) / file
                    copy.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(folder / file, copy)
