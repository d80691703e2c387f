"""Starting and ending a zygote from the supervisor's side."""

import os
import select
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from schemas.errors import SluicegateError
from streams.zygote_channel import Channel, Ready

START_SECONDS = 60.0


class ZygoteFailed(SluicegateError):
    """The process that workers are forked from did not start."""


class ZygoteProcess:
    """A zygote and the socket to it. Making one blocks until it has imported everything (a second or more).

    Raises ZygoteFailed, with the end of its log, when it ends instead.
    """

    def __init__(self, preload: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self.channel, theirs = Channel.pair()
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "streams.zygote", str(theirs.fileno()), *preload],
                pass_fds=(theirs.fileno(),),
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                # Control-C in a terminal is for the supervisor, which then drains the workers.
                start_new_session=True,
            )
        theirs.close()
        self.threads = self._wait_ready(log)

    def _wait_ready(self, log: Path) -> int:
        readable, _, _ = select.select([self.channel], [], [], START_SECONDS)
        message = self.channel.receive() if readable else None
        if not isinstance(message, Ready):
            self.end()
            tail = log.read_text(errors="replace")[-600:].strip()
            raise ZygoteFailed(f"the workers' parent process did not start; the end of {log}: {tail}")
        return message.threads

    def end(self) -> None:
        """Closes the socket, at which the zygote ends and its workers with it; waits for it."""
        self.channel.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
