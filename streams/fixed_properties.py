"""Properties of librdkafka that a user may not set, because exactly-once stands on them or a setting has them already.

They would be overwritten without a word; so they are refused, with what to set instead.
"""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, TypeAlias

from pydantic import AfterValidator

NEVER = "exactly-once stands on the value that sluicegate gives it; leave it out"

CONSUMER = {
    "auto.offset.reset": NEVER,
    "enable.auto.commit": NEVER,
    "enable.auto.offset.store": NEVER,
    "enable.partition.eof": NEVER,
    "group.id": "set lanes.<lane>.group",
    "group.instance.id": "it comes from the worker's slot; set worker.slot",
    "group.protocol": NEVER,
    "isolation.level": NEVER,
    "max.poll.interval.ms": "set kafka.max_poll_interval_ms",
    "partition.assignment.strategy": NEVER,
    "session.timeout.ms": "set kafka.session_timeout_ms",
}
PRODUCER = {
    "enable.idempotence": NEVER,
    "transaction.timeout.ms": "set kafka.transaction_timeout_ms",
    "transactional.id": "it comes from the worker's slot; set worker.slot",
}
ANY = {**CONSUMER, **PRODUCER, "bootstrap.servers": "set kafka.bootstrap_servers"}


def refuse(fixed: Mapping[str, str], properties: dict[str, str]) -> dict[str, str]:
    """The properties. Raises ValueError for the first that can't be set."""
    for name in properties:
        if name in fixed:
            raise ValueError(f"{name} can't be set here: {fixed[name]}")
    return properties


AnyProperties: TypeAlias = Annotated[dict[str, str], AfterValidator(partial(refuse, ANY))]
ConsumerProperties: TypeAlias = Annotated[dict[str, str], AfterValidator(partial(refuse, CONSUMER))]
ProducerProperties: TypeAlias = Annotated[dict[str, str], AfterValidator(partial(refuse, PRODUCER))]
