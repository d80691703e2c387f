"""A copy of the working tree in which guards are removed; what is installed is used, its modules are the copy's."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from tests.mutants.guard import Guard

ROOT = Path(__file__).parents[2]
JARS = Path(".sluicegate") / "jars"
PACKAGES = ("schemas", "processors", "sagas", "streams", "tests")


class Scratch:
    """The copy below `folder`; its files are those that git knows or would add, as they are now."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names = _files()
        for name in self.names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
        if (ROOT / JARS).is_dir():
            (folder / JARS.parent).mkdir()
            (folder / JARS).symlink_to(ROOT / JARS)

    def fingerprint(self, guard: Guard) -> str:
        """The digest of what a trial hangs on most: the guard, its file and its test's."""
        digest = sha256(repr(guard).encode())
        for name in (guard.file, guard.test.partition("::")[0]):
            digest.update((self.folder / name).read_bytes())
        return digest.hexdigest()

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables of a process whose modules are the copy's."""
        return {**os.environ, "PYTHONPATH": str(self.folder)}

    def check(self) -> None:
        """Raises RuntimeError where a process would import a package from elsewhere."""
        program = f"import importlib\nfor name in {PACKAGES}: print(importlib.import_module(name).__path__[0])"
        command = [sys.executable, "-c", program]
        ran = subprocess.run(command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=True)
        foreign = [path for path in ran.stdout.split() if not path.startswith(f"{self.folder}/")]
        if foreign:
            raise RuntimeError(f"the copy is at {self.folder}, and these would be imported: {', '.join(foreign)}")

    @contextmanager
    def without(self, guard: Guard) -> Iterator[None]:
        """The copy lacks the guard within the block; raises WrongGuard."""
        path = self.folder / guard.file
        source, before = path.read_text(), path.stat()
        path.write_text(guard.removed(source))
        # A compiled module counts for a source of its second and size: let none of an earlier one count here.
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 10**12))
        try:
            yield
        finally:
            path.write_text(source)
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _files() -> list[str]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return sorted(name for name in set(listed) if name and (ROOT / name).is_file())
