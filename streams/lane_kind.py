"""A lane as everybody but its worker knows it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from schemas.records import RequestRecord
from streams.settings import Settings

if TYPE_CHECKING:
    from streams.definition import LaneDefinition


@dataclass(frozen=True, slots=True)
class LaneKind:
    """A lane that a worker can serve, cheap to list.

    `stateful`: it keeps a store, and so has a changelog topic. `key_field` names the field of the request that is its
    Kafka key; None: whatever the client likes, by default the request id. `define` makes the worker's definition, and
    is the first to import what the lane runs.
    """

    name: str
    request: type[RequestRecord]
    define: Callable[[Settings], "LaneDefinition"]
    stateful: bool = False
    key_field: str | None = None
