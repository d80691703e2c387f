"""What the workers' parent imports and warms, so that a forked worker has nothing left to load.

It starts no thread and opens no connection; what it leaves out is only loaded later, by each worker again.
"""

import importlib
import inspect
from contextlib import suppress

from faust.transport import drivers as transport_drivers
from faust.web import drivers as web_drivers
from faust.web.cache import backends as cache_backends

MODULES = (
    "streams.worker",
    "streams.app",
    # Imported by name, or at first use, by those above.
    "encodings.idna",
    "faust.app.router",
    "faust.events",
    "faust.topics",
    "faust.tables.objects",
    "faust.tables.sets",
    "faust.transport.utils",
    "faust.assignor.leader_assignor",
    "faust.fixups.django",
    "faust.stores.memory",
    "faust.tables",
    "faust.tables.manager",
    "faust.tables.wrappers",
    "faust.transport.conductor",
    "faust.transport.drivers.aiokafka",
    "faust.web.apps.production_index",
    "faust.web.cache.backends.memory",
    "faust.web.drivers.aiohttp",
    "faust.windows",
    "faust.worker",
    "httpcore2._async.http11",
    "httpcore2._sync.http11",
    "schemas.confluent_source",
    "streams.participants.index",
    "streams.participants.ledger",
    "streams.sagas.lane",
    "tomllib",
    "truststore",
)


def warm() -> None:
    """Imports everything and fills what is slow to fill."""
    for name in MODULES:
        importlib.import_module(name)
    load_lanes()
    load_sagas()
    find_drivers()
    # Faust's decorators look their caller up in every module there is; the answers are kept by file.
    inspect.getmodule(inspect.currentframe())


def find_drivers() -> None:
    """Faust looks for its drivers in the metadata of every installed package, once."""
    web_drivers.by_name("aiohttp")
    cache_backends.by_name("memory")
    transport_drivers.by_name("aiokafka")


def load_lanes() -> None:
    """Every lane's declaration and schemas."""
    from schemas import avsc
    from streams.lanes import catalogue

    for name in catalogue():
        avsc.load(name, "request")
        avsc.load(name, "result")


def load_sagas() -> None:
    """Every saga, compiled."""
    from sagas.catalogue import discover

    # A faulty one is told by the worker that needs it; the others work.
    with suppress(Exception):
        discover()
