"""The lane of sagas, as a worker serves it."""

from processors.contract import BatchPolicy
from sagas.catalogue import Catalogue, discover
from sagas.wire.messages import LANE, SagaCommand
from schemas.codec import Codec
from schemas.errors import Misconfigured
from schemas.registry import Registry
from streams.binding import Binding
from streams.definition import LaneDefinition, Reception
from streams.sagas.handler import SagaHandler
from streams.sagas.inbox import Inbox
from streams.sagas.row import TIMERS
from streams.settings import Settings

POLICY = BatchPolicy(size=256, wait_ms=1.0)


def saga_lane(settings: Settings, catalogue: Catalogue | None = None) -> LaneDefinition:
    """The definition; the sagas are those of the catalogue, by default all there are.

    Raises DefinitionError for a faulty saga, Misconfigured for settings under which a crash could lose a step.
    """
    check_guarantee(settings)
    handler = SagaHandler(settings, discover() if catalogue is None else catalogue)

    def reception(binding: Binding, commands: Codec, registry: Registry) -> Reception:
        return Inbox(binding, commands, registry, handler.outlets.partitions)

    return LaneDefinition(
        name=LANE,
        request=SagaCommand,
        make_handler=lambda: handler,
        batch=POLICY,
        model="sluicegate.sagas",
        model_version="1",
        remembers=False,
        several=True,
        reception=reception,
        timers=TIMERS,
    )


def check_guarantee(settings: Settings) -> None:
    """Raises Misconfigured unless a saga's state, history and commands are written together."""
    guarantee = settings.lane(LANE).guarantee
    if guarantee != "exactly-once":
        raise Misconfigured(f"lanes.{LANE}.guarantee is {guarantee!r}: sagas need exactly-once, leave it out")
