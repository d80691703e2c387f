"""How a batch of records becomes something that is cheap to send to a host process, and its outcomes come back.

A payload is anything that pickle can carry; large parts belong in `pickle.PickleBuffer`, which crosses without a copy.
A processor with plain columns (texts, images of one shape) overrides all four steps and saves a dict per record.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from schemas.outcome import Completed, Failed, Outcome

Part = tuple[Sequence[int], Any]


class MisalignedOutcomes(Exception):
    """A processor answered more, fewer or other records than it was given."""


class Wire:
    """The four crossings of a batch. `pack` and `unpack_outcomes` run in the worker, the other two in the host.

    None of them may import torch.
    """

    @staticmethod
    def pack(records: Sequence[Mapping[str, Any]]) -> Any:
        """The payload of validated records."""
        raise NotImplementedError

    @staticmethod
    def unpack(payload: Any) -> Any:
        """What `Processor.prepare` takes."""
        raise NotImplementedError

    @staticmethod
    def pack_outcomes(parts: Sequence[Part], count: int) -> Any:
        """The payload of the buckets' outcomes: (rows, what `Processor.finish` returned) for each, `count` rows in all.

        Raises MisalignedOutcomes unless each row of the batch is answered exactly once.
        """
        raise NotImplementedError

    @staticmethod
    def unpack_outcomes(payload: Any, count: int) -> list[Outcome]:
        """`count` outcomes, in the order of the batch."""
        raise NotImplementedError


class RecordsWire(Wire):
    """The default: records travel as they are, outcomes as the list that the processor made."""

    @staticmethod
    def pack(records: Sequence[Mapping[str, Any]]) -> Any:
        return records if isinstance(records, list) else list(records)

    @staticmethod
    def unpack(payload: Any) -> Any:
        return payload

    @staticmethod
    def pack_outcomes(parts: Sequence[Part], count: int) -> list[tuple[Any, ...]]:
        check_rows(parts, count)
        packed: list[tuple[Any, ...]] = [()] * count
        for rows, outcomes in parts:
            if len(outcomes) != len(rows):
                raise MisalignedOutcomes(
                    f"finish() returned {len(outcomes)} outcomes for {len(rows)} records; return one for each, in order"
                )
            for row, outcome in zip(rows, outcomes, strict=True):
                packed[row] = _flatten(outcome)
        return packed

    @staticmethod
    def unpack_outcomes(payload: Any, count: int) -> list[Outcome]:
        return [Completed(item[0]) if len(item) == 1 else Failed(*item) for item in payload]


def check_rows(parts: Sequence[Part], count: int) -> None:
    """Raise MisalignedOutcomes unless the rows of all parts are 0 to `count` - 1, each once."""
    rows = sorted(row for part_rows, _ in parts for row in part_rows)
    if rows != list(range(count)):
        raise MisalignedOutcomes(
            f"prepare() put rows {rows[:8]}... in buckets, for a batch of {count}; each record belongs in exactly one"
        )


def _flatten(outcome: Any) -> tuple[Any, ...]:
    if isinstance(outcome, Completed):
        return (outcome.output,)
    if isinstance(outcome, Failed):
        return (outcome.code, outcome.message, outcome.retriable, dict(outcome.details))
    raise MisalignedOutcomes(f"finish() returned a {type(outcome).__name__} for a record; return Completed or Failed")
