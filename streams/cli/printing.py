"""Lines on standard output that end quietly when the reader of a pipe has seen enough."""

import os
import sys
from collections.abc import Iterable


def print_lines(lines: Iterable[str | None]) -> None:
    """Write each line; None means that nothing more comes for now, so that what was written should show.

    When the other end of a pipe closes (`| head`), it stops without a word.
    """
    try:
        for text in lines:
            if text is None:
                sys.stdout.flush()
            else:
                sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        _let_go()


def _let_go() -> None:
    """Point standard output at nothing, or Python complains about the closed pipe once more as it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
