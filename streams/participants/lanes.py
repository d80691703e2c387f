"""The participants' lanes, as the catalogue lists them.

Both know a repeat by themselves, for longer than a lane would, so their lanes remember nothing.
"""

from typing import TYPE_CHECKING

from processors.contract import BatchPolicy
from sagas.participants.index_request import IndexRequest
from sagas.participants.ledger_request import LedgerRequest
from streams.binding import bind
from streams.lane_kind import LaneKind
from streams.settings import Settings

if TYPE_CHECKING:
    from streams.definition import LaneDefinition, LaneHandler

VERSION = "1"


def define_ledger(settings: Settings) -> "LaneDefinition":
    """The ledger's lane."""
    # Imported late, here and below: whoever only lists the lanes needs nothing of what they run.
    from streams.definition import LaneDefinition
    from streams.participants.ledger import LedgerHandler

    return LaneDefinition(
        name="ledger",
        request=LedgerRequest,
        make_handler=lambda: LedgerHandler(bind(settings, "ledger").requests, settings.ledger.remember_hours),
        batch=BatchPolicy(size=512),
        model="ledger",
        model_version=VERSION,
        remembers=False,
    )


def define_index(settings: Settings) -> "LaneDefinition":
    """The index's lane. Its handler raises Misconfigured for a URL that can't work."""
    from streams.definition import LaneDefinition

    def make_handler() -> "LaneHandler":
        from streams.participants.index import IndexHandler
        from streams.participants.index_store import open_store

        return IndexHandler(open_store(settings))

    return LaneDefinition(
        name="index",
        request=IndexRequest,
        make_handler=make_handler,
        batch=BatchPolicy(size=256),
        model="index",
        model_version=VERSION,
        remembers=False,
    )


LEDGER = LaneKind("ledger", LedgerRequest, define_ledger, stateful=True, key_field="tenant", remembers=False)
INDEX = LaneKind("index", IndexRequest, define_index, remembers=False)
