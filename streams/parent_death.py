"""Dying with the parent: Linux's PR_SET_PDEATHSIG, so that no child outlives a kill -9 of its parent."""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int, by: signal.Signals = signal.SIGKILL) -> None:
    """Asks the kernel to send this process `by` when the thread that forked it ends; only Linux can.

    `parent` is the pid that the caller was forked by: if that one is dead already, this process ends now.
    """
    if sys.platform != "linux":
        return
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(by), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:
        os.kill(os.getpid(), by)
