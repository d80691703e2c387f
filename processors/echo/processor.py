"""The identity."""

from collections.abc import Mapping, Sequence
from typing import Any

from processors.contract import Bucket, Processor
from schemas.outcome import Completed


class Echo(Processor):
    """Returns each record's payload."""

    def prepare(self, batch: Sequence[Mapping[str, Any]]) -> list[Bucket]:
        return [Bucket(range(len(batch)), batch)]

    def compute(self, bucket: Bucket) -> Sequence[Mapping[str, Any]]:
        records: Sequence[Mapping[str, Any]] = bucket.inputs
        return records

    def finish(self, bucket: Bucket, computed: Sequence[Mapping[str, Any]]) -> list[Completed]:
        return [Completed({"payload": record["payload"]}) for record in computed]
