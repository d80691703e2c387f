"""A lane as everybody but its worker knows it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from schemas.compatibility import Registration
from schemas.records import RequestRecord
from streams.settings import Settings

if TYPE_CHECKING:
    from streams.definition import LaneDefinition
    from streams.provisioning.permissions import Permission
    from streams.provisioning.topics import Shelf


@dataclass(frozen=True, slots=True)
class LaneKind:
    """A lane that a worker can serve, cheap to list.

    `stateful`: it keeps a store, and so has a changelog topic. `key_field` names the field of the request that is its
    Kafka key; None: whatever the client likes, by default the request id. `define` makes the worker's definition, and
    is the first to import what the lane runs. A lane that does not remember its answers has no changelog of them.
    `several`: its topics carry records of several types, so its subjects are `<topic>-<record>`.
    `registrations` are the schemas that it needs, where those are not one request and one result; `topics` puts what
    else it needs on the shelf, and `permissions` says what is needed for that.
    """

    name: str
    request: type[RequestRecord]
    define: Callable[[Settings], "LaneDefinition"]
    stateful: bool = False
    key_field: str | None = None
    remembers: bool = True
    several: bool = False
    registrations: Callable[[Settings], list[Registration]] | None = None
    topics: Callable[["Shelf"], None] | None = None
    permissions: Callable[[Settings], list["Permission"]] | None = None
