"""The cluster's side of a verification: what there is to read, asked in an order in which nothing is misjudged.

First what the lane has settled; then the ends of its answers, so that the answer to whatever is settled lies before
them; then the ends of the requests, so that the request of every answer read lies before those.
"""

from collections.abc import Callable, Iterable

from confluent_kafka import KafkaException, TopicPartition

from streams.client.connection import ANSWER_SECONDS, admin, consumer, explain, partition_counts
from streams.client.errors import TopicMissing
from streams.client.reading import TopicReader
from streams.client.spans import Place
from streams.provisioning.cluster import Cluster
from streams.settings import Settings
from streams.verification.scope import Asks, Scope
from streams.verification.target import Target


class Snapshot:
    """What the cluster said at one moment. Its methods block, and raise the client's errors."""

    def __init__(self, settings: Settings, target: Target) -> None:
        self._settings, self._target = settings, target
        self._admin = admin(settings)
        self.reader = TopicReader(settings, "verify")
        topics = frozenset(partition_counts(self._admin, settings))
        answers = dict.fromkeys(topic for one in target.roads for topic in (one.results, one.dead_letters) if topic)
        for topic in (*(one.requests for one in target.roads), *answers):
            if topic not in topics:
                raise TopicMissing(topic)
        places = self.reader.partitions([one.requests for one in target.roads])
        settled = self._settled(places)
        self.ends = self.reader.written(self.reader.partitions(answers))
        self.scope = self._scope(places, settled, topics)

    def since(self, number: int, timestamp: int) -> int:
        """The first offset of a request partition that is not older than a time; its end if there is none."""
        asks = self.scope.asks[number]
        place = (asks.topic, asks.partition)
        found = self.reader.since([place], timestamp)[place]
        return asks.end if found < 0 else found

    def _scope(self, places: list[Place], settled: Callable[[Place, int], int], topics: frozenset[str]) -> Scope:
        starts, ends = self.reader.earliest(places), self.reader.latest(places)
        target, roads = self._target, {one.requests: one for one in self._target.roads}

        def asks(place: Place) -> Asks:
            road, end = roads[place[0]], ends[place]
            return Asks(*place, starts[place], settled(place, end), end, road.results, road.dead_letters)

        return Scope(
            asks=tuple(asks(place) for place in places),
            lane=target.lane,
            compacted=self.compacted(roads),
            topics=topics,
        )

    def there(self, topics: Iterable[str]) -> list[str]:
        """Those of the topics that are on the cluster now."""
        known = partition_counts(self._admin, self._settings)
        return [topic for topic in topics if topic in known]

    def compacted(self, topics: Iterable[str]) -> frozenset[str]:
        """Those of the topics that are compacted."""
        try:
            configs = Cluster(self._admin).configs(topics)
        except KafkaException as error:
            raise explain(error, self._settings, "reading the settings of topics") from None
        return frozenset(name for name, found in configs.items() if "compact" in found.get("cleanup.policy", ""))

    def _settled(self, places: list[Place]) -> Callable[[Place, int], int]:
        group = self._target.group
        if group is None:
            return lambda place, end: end
        asker = consumer(self._settings, "verify", **{"group.id": group})
        try:
            answers = asker.committed([TopicPartition(*place) for place in places], timeout=ANSWER_SECONDS)
        except KafkaException as error:
            raise explain(error, self._settings, f"reading offsets of {group!r}") from None
        finally:
            asker.close()
        offsets = {(one.topic, one.partition): max(0, one.offset) for one in answers}
        return lambda place, end: min(end, offsets[place])
