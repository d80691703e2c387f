"""Reads what is at hand, without waiting for a full batch: `consume` alone waits until it is full or out of time."""

from confluent_kafka import Consumer, Message


def poll_many(consumer: Consumer, limit: int, timeout: float) -> list[Message]:
    """Up to `limit` messages; waits up to `timeout` seconds for the first, and for no other."""
    first = consumer.poll(timeout)
    if first is None:
        return []
    return [first, *consumer.consume(limit - 1, 0)] if limit > 1 else [first]
