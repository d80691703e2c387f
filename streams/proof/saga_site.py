"""A whole catalogue of a proof's own: sagas, their participants and models, on topics that nothing else uses."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from uuid import uuid4

from streams.proof.site import SESSION_MS, TRANSACTION_MS, environment
from streams.provisioning.plan import plan_for
from streams.provisioning.provision import provision
from streams.settings import LaneSettings, SagaSettings, Settings, override

ORCHESTRATORS = ("sagas",)
PARTICIPANTS = ("ledger", "index")
MODELS = ("digits", "embed", "echo")
LANES = (*ORCHESTRATORS, *PARTICIPANTS, *MODELS)


@dataclass(frozen=True)
class SagaSite:
    """Settings that bind every lane of the catalogue's sagas to names of the site's own."""

    settings: Settings

    @classmethod
    def made(cls, base: Settings, *, partitions: int = 4, kafka: Mapping[str, Any] | None = None) -> Self:
        """Creates the topics and registers the schemas; `kafka` changes settings of that section. Blocks."""
        mark = uuid4().hex[:8]
        quick = {"session_timeout_ms": SESSION_MS, "transaction_timeout_ms": TRANSACTION_MS, **(kafka or {})}
        settings = override(
            base,
            {
                "kafka": base.kafka.model_copy(update=quick),
                "topics": base.topics.model_copy(update={"partitions": partitions}),
                # slots, checkpoints, logs and a database of its own
                "stack": base.stack.model_copy(update={"directory": base.stack.directory / f"site-{mark}"}),
                "lanes": {lane: bound(lane, mark) for lane in LANES},
                "sagas": SagaSettings(
                    history=f"history-{mark}",
                    attention=f"attention-{mark}",
                    orphans=f"orphans-{mark}",
                    definitions=f"definitions-{mark}",
                ),
                "dead_letters": f"letters-{mark}",
                "control": f"control-{mark}",
            },
        )
        provision(settings, plan_for(settings, LANES))
        return cls(settings)

    @property
    def environment(self) -> dict[str, str]:
        """The variables that give another process these settings."""
        return environment(self.settings)


def bound(lane: str, mark: str) -> LaneSettings:
    """A lane on names of its own."""
    return LaneSettings(requests=(f"{lane}-asked-{mark}",), results=f"{lane}-told-{mark}", group=f"{lane}-{mark}")
