"""What a program that copies a topic exactly once is told: one JSON object as its only argument."""

import json
import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class CopyTask:
    """From where to where, as which group and which static member of it, with a folder for local state."""

    bootstrap: str
    source: str
    target: str
    group: str
    instance: str
    work: str
    session_ms: int
    transaction_ms: int

    @classmethod
    def told(cls) -> "CopyTask":
        """The task on the command line."""
        return cls(**json.loads(sys.argv[1]))
