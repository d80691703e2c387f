"""What a function asks of the world while it runs, through whatever it calls: the interpreter says so."""

import gc
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType, ModuleType
from typing import Any

_CLOCKS = frozenset(("monotonic", "perf_counter", "process_time", "thread_time", "time"))
# By the module that a function of the interpreter, or the type that it is a method of, is from; None: all of them.
_WORLD: Mapping[str, frozenset[str] | None] = {
    "time": frozenset((*_CLOCKS, *(f"{name}_ns" for name in _CLOCKS), "clock_gettime", "clock_gettime_ns", "sleep")),
    "datetime": frozenset(("now", "today", "utcnow")),
    "_random": None,
    "_uuid": None,
    "posix": None,
    "nt": None,
    "_socket": None,
    "_ssl": None,
    "select": None,
    "_posixsubprocess": None,
    "io": frozenset(("open", "open_code")),
    "_io": frozenset(("open", "open_code", "read", "write", "readline", "readinto", "truncate")),
    "builtins": frozenset(("input", "print")),
}
_PURE = frozenset(("BytesIO", "StringIO", "fspath"))
_IMPORT = "<frozen importlib"


@contextmanager
def watched(asked: set[str]) -> Iterator[None]:
    """Adds the names of what this thread asks a clock, chance or the world meanwhile; imports are not counted."""

    def note(frame: FrameType, event: str, called: Any) -> None:
        if event == "c_call" and (name := worldly(called)) is not None and not _imports(frame):
            asked.add(name)

    before, collects = sys.getprofile(), gc.isenabled()
    # Whoever measures collections reads a clock, on whatever thread one begins.
    gc.disable()
    sys.setprofile(note)
    try:
        yield
    finally:
        sys.setprofile(before)
        if collects:
            gc.enable()


def worldly(called: Any) -> str | None:
    """The name of a function of the interpreter, if it asks a clock, chance or the world."""
    owner, name = getattr(called, "__self__", None), getattr(called, "__name__", "")
    if owner is None or isinstance(owner, ModuleType):
        homes = [] if name in _PURE else [getattr(called, "__module__", None) or ""]
    else:
        kinds = (owner if isinstance(owner, type) else type(owner)).__mro__
        homes = [] if any(kind.__name__ in _PURE for kind in kinds) else [kind.__module__ for kind in kinds]
    for home in homes:
        names = _WORLD.get(home, frozenset())
        if names is None or name in names:
            return f"{home.lstrip('_')}.{name}"
    return None


def _imports(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith(_IMPORT):
            return True
        frame = frame.f_back
    return False
