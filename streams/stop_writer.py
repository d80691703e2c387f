"""Writing to the control topic outside a lane's transaction: an operator resumes, or stops, a partition."""

from confluent_kafka import KafkaError, KafkaException, Message

from streams.client import connection
from streams.settings import Settings
from streams.stops import Stop, StopKey

SECONDS = 15.0


def write(settings: Settings, control: str, key: StopKey, stop: Stop | None) -> None:
    """Stops the partition, or resumes it with None. Blocks until the cluster has it.

    Raises KafkaException when the cluster refuses, ClusterUnreachable when nobody answers.
    """
    failures: list[KafkaError] = []

    def told(error: KafkaError | None, _message: Message) -> None:
        if error is not None:
            failures.append(error)

    producer = connection.producer(settings, "stops", **{"delivery.timeout.ms": int(SECONDS * 1_000)})
    connection.require_topics(connection.admin(settings), settings, [control])
    producer.produce(control, stop.pack() if stop else None, key.pack(), on_delivery=told)
    producer.flush(SECONDS + 1)
    if failures:
        raise connection.explain(KafkaException(failures[0]), settings, f"writing to {control}")
