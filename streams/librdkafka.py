"""What librdkafka says of properties that a person set, told apart from what a cluster says."""

PROPERTY_CURE = "mend it in kafka.properties, kafka.consumer, kafka.producer, or a lane's consumer or producer"


def is_property(said: str) -> bool:
    """Whether librdkafka's words are about a property that does not exist, or has a value that it can't have."""
    return "configuration property" in said or "configuration value" in said
