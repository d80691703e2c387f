"""Whether librdkafka takes the properties that a lane's clients get, found out before the lane starts."""

from confluent_kafka import Consumer, KafkaException, Producer

from schemas.errors import Misconfigured
from streams import connections
from streams.binding import Binding
from streams.librdkafka import PROPERTY_CURE
from streams.settings import Settings


def check_properties(settings: Settings, binding: Binding, slot: int) -> None:
    """Makes one client of each kind and lets it go; nothing is asked of the cluster.

    Raises Misconfigured, with librdkafka's words, for a property that it does not know or whose value it can't take:
    to try that again would not help.
    """
    quiet = {"log_level": 0, "error_cb": lambda _error: None}
    try:
        Consumer({**connections.member(settings, binding, slot), **quiet}).close()
        Producer({**connections.transactional(settings, binding, f"{binding.group}-check"), **quiet})
    except KafkaException as error:
        raise Misconfigured(f"librdkafka refuses a property: {error.args[0].str()}; {PROPERTY_CURE}") from None
    except (TypeError, ValueError) as error:
        raise Misconfigured(f"librdkafka refuses a property: {error}; {PROPERTY_CURE}") from None
