"""What a contestant is told: one JSON object as its only argument."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Task:
    """Where to read and write. `schemas` is the folder of the echo schemas, `work` a folder for local state."""

    bootstrap: str
    source: str
    target: str
    dead_letters: str
    group: str
    work: str
    schemas: str = ""
    request_schema: int = 0
    result_schema: int = 0
    registry: str = ""
    quick_poll: bool = False

    @classmethod
    def told(cls) -> "Task":
        """The task on the command line."""
        return cls(**json.loads(sys.argv[1]))

    @property
    def schema_folder(self) -> Path:
        """As a path."""
        return Path(self.schemas)
