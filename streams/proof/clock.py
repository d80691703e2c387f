"""The clock of one process, set ahead or behind while it runs; the machine's own stays as it is.

A small library is preloaded (`clock.c`, compiled at run time): Python and librdkafka ask the same libc for the time.
"""

import shutil
import struct
import subprocess
from importlib.resources import as_file, files
from mmap import mmap
from pathlib import Path

VARIABLE = "SLUICEGATE_PROOF_CLOCK"
NOBODY = 0
LAYOUT = struct.Struct("qq")
NANOSECONDS = 1_000_000_000


def compiler() -> str | None:
    """A C compiler's path, if this machine has one."""
    return shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")


class Clock:
    """Sets the clock of one process that was started with `variables`, or of a fork of one."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"
        self._file.write_bytes(LAYOUT.pack(NOBODY, 0))
        library = compiled(folder)
        self.variables = {"LD_PRELOAD": str(library), VARIABLE: str(self._file)}
        with self._file.open("r+b") as opened:
            self._shared = mmap(opened.fileno(), LAYOUT.size)

    def set(self, pid: int, seconds: float) -> None:
        """This process reads a time of day so many seconds ahead (behind, if negative), from now on."""
        # Never another process's offset under this one's pid.
        self.set_right()
        LAYOUT.pack_into(self._shared, 0, NOBODY, round(seconds * NANOSECONDS))
        LAYOUT.pack_into(self._shared, 0, pid, round(seconds * NANOSECONDS))

    def set_right(self) -> None:
        """Everybody reads the machine's clock again."""
        LAYOUT.pack_into(self._shared, 0, NOBODY, 0)


def compiled(folder: Path) -> Path:
    """The library, made in a folder. Raises LookupError without a compiler, RuntimeError with what it said."""
    program = compiler()
    if program is None:
        raise LookupError("no C compiler is on the path")
    library = folder / "clock.so"
    with as_file(files("streams.proof") / "clock.c") as source:
        command = [program, "-shared", "-fPIC", "-O2", "-o", str(library), str(source), "-ldl", "-lpthread"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"the clock's library can't be compiled: {done.stderr.strip()[-300:]}")
    return library
