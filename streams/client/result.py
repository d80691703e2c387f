"""A completed answer, as the caller sees it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from streams.client.errors import InferenceFailed

Headers = list[tuple[str, bytes | None]]


@dataclass(frozen=True, slots=True)
class Result:
    """The record that a processor answered with; `result["label"]` reads a field of it.

    `headers` are those of the answer, with the request's own correlation headers among them.
    """

    processor: str
    record: Mapping[str, Any]
    headers: Headers = field(default_factory=list)

    def __getitem__(self, name: str) -> Any:
        return self.record[name]

    @property
    def request_id(self) -> str:
        """The request that this answers."""
        return str(self.record["request_id"])

    @property
    def model(self) -> str:
        """The name and version of the model that answered."""
        return f"{self.record['model']} {self.record['model_version']}"

    @property
    def replayed(self) -> bool:
        """Whether this is the kept answer to an earlier request with the same id."""
        return ("replayed", b"true") in self.headers


def outcome_of(processor: str, record: Mapping[str, Any], headers: Headers) -> Result | InferenceFailed:
    """The result for a COMPLETED record, the failure for a FAILED one."""
    if record["status"] == "COMPLETED":
        return Result(processor, record, headers)
    error = record.get("error") or {}
    return InferenceFailed(
        record["request_id"],
        error.get("code", "UNKNOWN"),
        error.get("message", "the answer gives no reason"),
        error.get("retriable", False),
        error.get("details"),
    )
