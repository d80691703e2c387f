"""A lane of a proof's own: topics, group and schemas that nothing else uses, and what points a process at them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from uuid import uuid4

from schemas import avsc
from schemas.codec import Codec
from schemas.subjects import subject
from streams.binding import Binding, bind
from streams.client.connection import open_registry
from streams.provisioning.plan import plan_for
from streams.provisioning.provision import provision
from streams.settings import LaneSettings, Settings, override

SESSION_MS = 2_000
TRANSACTION_MS = 20_000


@dataclass(frozen=True)
class Site:
    """The settings of one processor's lane, bound to topics with a name of their own."""

    settings: Settings
    processor: str

    @classmethod
    def made(
        cls,
        base: Settings,
        processor: str = "echo",
        *,
        lane: Mapping[str, Any] | None = None,
        kafka: Mapping[str, Any] | None = None,
        topics: Mapping[str, Any] | None = None,
        worker: Mapping[str, Any] | None = None,
    ) -> Self:
        """Creates the topics and registers the schemas; the mappings change sections of the settings. Blocks."""
        name = uuid4().hex[:8]
        own = {"requests": (f"asked-{name}",), "results": f"told-{name}", "group": f"lane-{name}"}
        chosen = LaneSettings.model_validate({**own, **(lane or {})})
        quick = {"session_timeout_ms": SESSION_MS, "transaction_timeout_ms": TRANSACTION_MS, **(kafka or {})}
        settings = override(
            base,
            {
                "kafka": base.kafka.model_copy(update=quick),
                "topics": base.topics.model_copy(update=dict(topics or {})),
                "worker": base.worker.model_copy(update=dict(worker or {})),
                # slots, checkpoints and logs of its own: nothing of another site's workers is in the way
                "stack": base.stack.model_copy(update={"directory": base.stack.directory / f"site-{name}"}),
                "lanes": {processor: chosen},
                "dead_letters": f"letters-{name}",
                "control": f"control-{name}",
            },
        )
        provision(settings, plan_for(settings, [processor]))
        return cls(settings, processor)

    @property
    def binding(self) -> Binding:
        """The names of its topics and its group."""
        return bind(self.settings, self.processor)

    @property
    def requests(self) -> str:
        """The request topic."""
        return self.binding.requests[0]

    @property
    def results(self) -> str:
        """The result topic."""
        return self.binding.results

    @property
    def environment(self) -> dict[str, str]:
        """The variables that give another process these settings."""
        return environment(self.settings)

    def codec(self, role: str) -> Codec:
        """The codec of requests (`request`) or results (`result`), ready to encode and decode."""
        topic = self.requests if role == "request" else self.results
        codec = Codec(avsc.load(self.processor, role), subject(topic), open_registry(self.settings))
        codec.bind()
        return codec


def environment(settings: Settings) -> dict[str, str]:
    """Settings as the variables of an environment: texts as they are, sections as JSON, nothing for what is not set."""
    dumped = settings.model_dump(mode="json")
    return {
        f"SLUICEGATE_{name.upper()}": value if isinstance(value, str) else json.dumps(value)
        for name, value in dumped.items()
        if value is not None
    }
