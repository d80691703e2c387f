"""Quix Streams, exactly-once, as its users write it: its own Avro serializers and the registry, records as dicts.

What can't be read is passed over: Quix hands it to a callback that can say no more than to go on.
"""

import json
from typing import Any

from quixstreams import message_context  # type: ignore[import-not-found] # in another environment
from quixstreams.models.serializers.avro import (  # type: ignore[import-not-found] # in another environment
    AvroDeserializer,
    AvroSerializer,
)
from quixstreams.models.serializers.schema_registry import (  # type: ignore[import-not-found] # in another environment
    SchemaRegistryClientConfig,
    SchemaRegistrySerializationConfig,
)

from bench.peers.by_hand import ByHand, Headers
from bench.peers.quix_application import application
from bench.peers.task import Task

TICK = 512


class QuixAvro:
    """The pipeline, and the headers that its first step leaves for the next: Quix runs them in turn for each record."""

    def __init__(self, task: Task) -> None:
        self._work = ByHand(task.schema_folder, task.request_schema, task.result_schema)
        self._app = application(task, on_consumer_error=lambda *error: True)
        registry = SchemaRegistryClientConfig(url=task.registry)
        request, result = (
            json.loads((task.schema_folder / name).read_text()) for name in ("request.avsc", "result.avsc")
        )
        registered = SchemaRegistrySerializationConfig(auto_register_schemas=True)
        self._source = self._app.topic(
            task.source,
            key_deserializer="bytes",
            value_deserializer=AvroDeserializer(request, schema_registry_client_config=registry),
        )
        self._target = self._app.topic(
            task.target,
            key_serializer="bytes",
            value_serializer=AvroSerializer(
                result,
                schema_registry_client_config=registry,
                schema_registry_serialization_config=registered,
            ),
        )
        self._headers: Headers = []
        self._count = 0

    def run(self) -> None:
        """Runs until it is told to stop."""
        frame = self._app.dataframe(self._source)
        frame = frame.apply(self._answer, metadata=True)
        frame = frame.set_headers(lambda *record: self._headers)
        frame.to_topic(self._target)
        self._app.run()

    def _answer(self, value: dict[str, Any], key: Any, timestamp: int, headers: Any) -> dict[str, Any]:
        self._count += 1
        if self._count % TICK == 0:
            self._work.tick()
        context = message_context()
        answer, self._headers = self._work.result(
            context.topic, context.partition, context.offset, timestamp, value, headers
        )
        return answer


if __name__ == "__main__":
    QuixAvro(Task.told()).run()
