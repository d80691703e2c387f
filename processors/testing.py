"""Tiny real processors, each with one vice, for tests of hosts and of everything around them.

All take echo's requests (`request_id`, `payload`) and return the payload, but for those that are marked: a payload that
begins with b"!". With the option `journal`, a processor appends the ids of each run to that file, one line a run.
"""

import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from processors.contract import BatchPolicy, Bucket, Declaration, DeviceSettings, Processor
from processors.echo.declaration import EchoRequest
from processors.loading import reference_to
from schemas.outcome import Completed, Outcome

Records = Sequence[Mapping[str, Any]]
MARK = b"!"


def declare(kind: type[Processor], **changes: Any) -> Declaration:
    """The declaration of one of these processors, in a host of its own unless `inline=True`."""
    fields: dict[str, Any] = {"name": "echo", "model": kind.__name__, "model_version": "1", "batch": BatchPolicy()}
    return Declaration(implementation=reference_to(kind), request=EchoRequest, **{**fields, **changes})


def request(number: int, payload: bytes = b"") -> dict[str, Any]:
    """A request for one of these processors."""
    return {"request_id": f"r{number}", "payload": payload}


class Obedient(Processor):
    """Returns each payload."""

    def prepare(self, batch: Records) -> list[Bucket]:
        return [Bucket(range(len(batch)), batch)]

    def compute(self, bucket: Bucket) -> Records:
        self._write_journal(bucket.inputs)
        if any(record["payload"].startswith(MARK) for record in bucket.inputs):
            self.misbehave()
        records: Records = bucket.inputs
        return records

    def finish(self, bucket: Bucket, computed: Records) -> Sequence[Outcome]:
        return [Completed({"payload": record["payload"]}) for record in computed]

    def misbehave(self) -> None:
        """What happens to a batch with a marked record: nothing."""

    def option(self, name: str, default: str) -> str:
        """An option of the settings."""
        return self.device_settings.options.get(name, default)

    def _write_journal(self, records: Records) -> None:
        if path := self.option("journal", ""):
            with Path(path).open("a") as journal:
                journal.write(" ".join(record["request_id"] for record in records) + "\n")


class Sum(Obedient):
    """Returns the sum of a payload's bytes, as decimal digits."""

    def finish(self, bucket: Bucket, computed: Records) -> Sequence[Outcome]:
        return [Completed({"payload": b"%d" % sum(record["payload"])}) for record in computed]


class Slow(Obedient):
    """Takes the option `seconds` (0.1) for each batch."""

    def compute(self, bucket: Bucket) -> Records:
        threading.Event().wait(float(self.option("seconds", "0.1")))
        return super().compute(bucket)


class Failing(Obedient):
    """Raises on a marked record."""

    def misbehave(self) -> None:
        raise ValueError("this record is marked")


class Marked(Slow, Failing):
    """Slow, and raises on a marked record."""


class Crashing(Obedient):
    """Ends its process on a marked record: by the option `signal` (SIGABRT), or by `exit` with that status."""

    def misbehave(self) -> None:
        if status := self.option("exit", ""):
            os._exit(int(status))
        number = signal.Signals[self.option("signal", "SIGABRT")]
        os.abort() if number is signal.SIGABRT else os.kill(os.getpid(), number)


class Hanging(Obedient):
    """Never returns from a batch with a marked record."""

    def misbehave(self) -> None:
        threading.Event().wait()


class OutOfMemory(Obedient):
    """Has memory for the option `fits` (8) records; a marked one alone is already too large."""

    def compute(self, bucket: Bucket) -> Records:
        records = super().compute(bucket)
        if len(records) > int(self.option("fits", "8")):
            raise MemoryError(f"{len(records)} records do not fit")
        return records

    def misbehave(self) -> None:
        raise MemoryError("the marked record does not fit")


class Unloadable(Obedient):
    """Can't be loaded: raises, or with the option `crash` ends its process."""

    def __init__(self, device: DeviceSettings) -> None:
        super().__init__(device)
        if self.option("crash", ""):
            os.abort()

    def load(self) -> None:
        raise FileNotFoundError("weights.safetensors is missing")


class Miscounting(Obedient):
    """Returns an outcome too few."""

    def finish(self, bucket: Bucket, computed: Records) -> Sequence[Outcome]:
        return super().finish(bucket, computed)[1:]


class Telling(Obedient):
    """Returns the names of the modules that its process imported, one a line."""

    def finish(self, bucket: Bucket, computed: Records) -> Sequence[Outcome]:
        return [Completed({"payload": "\n".join(sorted(sys.modules)).encode()}) for _ in computed]
