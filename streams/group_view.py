"""A consumer group as its coordinator sees it, asked through a client that does not outlive a question without answer.

librdkafka (2.16) ends the process over a question for a coordinator that ran out of time before it could be sent: when
the broker is back, it is sent after all, and what was to take the answer is gone (`rd_kafka_enq_once_del_source_return:
Assertion eonce->refcnt > 0`). Or it lives, and that client answers no question any more. So its own time-out is far
longer than ours, and a client that gave no answer within ours is destroyed, which takes the question back.
"""

import threading
from collections.abc import Callable
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

NEVER_SECONDS = 600.0


class GroupView:
    """Describes one group; any thread may ask, one at a time does."""

    def __init__(self, group: str, make_client: Callable[[], AdminClient]) -> None:
        self.group = group
        self._make_client = make_client
        self._client: AdminClient | None = None
        self._asking = threading.Lock()

    def describe(self, seconds: float) -> Any:
        """The group's state and members. Blocks for at most so many seconds, then raises KafkaException."""
        with self._asking:
            client, self._client = self._client or self._make_client(), None
            asked = client.describe_consumer_groups([self.group], request_timeout=NEVER_SECONDS)[self.group]
            try:
                found = asked.result(seconds)
            except TimeoutError:
                # The last reference: nobody may see this client's question run out of time.
                del client
                why = f"the coordinator of group {self.group} did not answer within {seconds:g} s"
                raise KafkaException(KafkaError(KafkaError._TIMED_OUT, why)) from None
            self._client = client
            return found
