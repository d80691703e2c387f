"""How long a thread may keep the interpreter while another waits for it: a lane's three threads share one.

Short turns answer sooner: a committer comes back from the broker several times in a transaction and waits for the
interpreter each time. Long turns cost less: each change wakes another core. So turns are short while requests trickle,
and Python's own in a backlog.
"""

import sys
from collections.abc import Callable

SHORT_SECONDS, LONG_SECONDS = 0.001, 0.005


class Turns:
    """The turns of one process, whose lanes say whether they are behind. Any thread may call."""

    def __init__(self, set_seconds: Callable[[float], None] = sys.setswitchinterval) -> None:
        self._set_seconds = set_seconds
        self._behind: frozenset[str] = frozenset()

    def begin(self) -> None:
        """Short turns from now on."""
        self._set_seconds(LONG_SECONDS if self._behind else SHORT_SECONDS)

    def tell(self, lane: str, behind: bool) -> None:
        """A lane has a backlog, or none; costs nothing when it has said so before."""
        if (lane in self._behind) is not behind:
            self._behind = self._behind | {lane} if behind else self._behind - {lane}
            self.begin()


turns = Turns()
"""The interpreter is one for the process, and so is this."""
