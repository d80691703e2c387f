"""What ties a host process to its worker: it dies with it, and only the worker ends it."""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def follow(parent: int) -> None:
    """Die when the process `parent` does, and ignore the signals that a terminal or a supervisor sends to all.

    Where the kernel can't be asked (it is not Linux), the end of the socket says the same a little later.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)
