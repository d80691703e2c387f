"""What a person may set: one frozen tree of settings, read from `sluicegate.toml` and the environment.

The environment wins over the file: `SLUICEGATE_KAFKA__BOOTSTRAP_SERVERS=broker:9092`. This module is the only
reader of both. Values that a library defines (librdkafka's properties) pass through untouched.
"""

import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

Guarantee = Literal["exactly-once", "at-least-once", "at-most-once"]


class Section(BaseModel):
    """A part of the settings; unknown names are refused, so that a misspelt one is not ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class KafkaSettings(Section):
    """How to reach the cluster; `properties` go to every librdkafka client, the others to one kind each."""

    bootstrap_servers: str = "localhost:9092"
    properties: dict[str, str] = Field(default_factory=dict)
    consumer: dict[str, str] = Field(default_factory=dict)
    producer: dict[str, str] = Field(default_factory=dict)
    session_timeout_ms: int = Field(default=6_000, ge=500)
    max_poll_interval_ms: int = Field(default=300_000, ge=1_000)
    transaction_timeout_ms: int = Field(default=30_000, ge=1_000)

    def client(self, **extra: Any) -> dict[str, Any]:
        """The properties of any client of this cluster; `extra` are defaults that the user's own override."""
        return {**extra, "bootstrap.servers": self.bootstrap_servers, **self.properties}


class RegistrySettings(Section):
    """The schema registry (Confluent's API); `properties` go to its client (authentication, TLS)."""

    url: str = "http://localhost:8081/apis/ccompat/v7"
    properties: dict[str, str] = Field(default_factory=dict)
    unknown_schema_retry_seconds: float = Field(default=30.0, gt=0)


class StackSettings(Section):
    """The local Kafka and registry of `sluicegate up`: where they listen, and where they keep their data."""

    engine: Literal["auto", "java", "docker"] = Field(
        default="auto", description="auto takes Java where it is installed"
    )
    directory: Path = Path(".sluicegate")
    jars: Path | None = Field(default=None, description="where its jars are kept; by default under the directory")
    kafka_port: int = 9092
    controller_port: int = 9093
    registry_port: int = 8081
    kafka_heap: str = "512m"
    registry_heap: str = "384m"
    start_seconds: float = Field(default=90.0, gt=0, description="how long both may take to be ready")


class TopicSettings(Section):
    """Sizes of the topics that `sluicegate init` creates."""

    partitions: int = Field(default=4, ge=1)
    replication: int = Field(default=1, ge=1)
    retention_hours: float = Field(default=24 * 7, gt=0)
    max_message_bytes: int = Field(default=1_048_576, ge=1_024)
    dead_letter_max_message_bytes: int = Field(default=2_097_152, ge=1_024)
    request_compression: Literal["uncompressed", "producer", "lz4", "zstd", "gzip", "snappy"] = "uncompressed"


class RepeatSettings(Section):
    """How long, and how much, a lane remembers of what it answered."""

    retention_seconds: float = Field(default=3_600, ge=0)
    entries: int = Field(default=200_000, ge=0, description="for each partition; 0 remembers nothing")
    bytes: int = Field(default=64 * 1_048_576, ge=0, description="for each partition")


class DeadLetterLimit(Section):
    """When unreadable records stop a partition instead of being diverted. Off by default."""

    consecutive: int | None = Field(default=None, ge=1)
    ratio: float | None = Field(default=None, gt=0, le=1)
    window: int = Field(default=1_000, ge=10, description="records over which the ratio is taken")


class BatchSettings(Section):
    """Overrides of a processor's own batch policy."""

    size: int | None = Field(default=None, ge=1)
    wait_ms: float | None = Field(default=None, ge=0)
    cost: int | None = Field(default=None, ge=1)
    bytes: int | None = Field(default=None, ge=1)


class DeviceChoice(Section):
    """One device that runs a processor."""

    device: str = "auto"
    dtype: str = "float32"
    threads: int | None = Field(default=None, ge=1)
    compile: bool = False
    options: dict[str, str] = Field(default_factory=dict)


class LaneSettings(Section):
    """A lane: its binding to topics, its guarantee and its bounds. Empty names mean the defaults."""

    requests: tuple[str, ...] = ()
    results: str | None = None
    group: str | None = None
    guarantee: Guarantee = "exactly-once"
    batch: BatchSettings = BatchSettings()
    devices: tuple[DeviceChoice, ...] = (DeviceChoice(),)
    slots: int | None = Field(default=None, ge=1, description="micro-batches in flight on the processor")
    timeout_seconds: float | None = Field(default=None, gt=0, description="run time-out of one micro-batch")
    repeats: RepeatSettings = RepeatSettings()
    dead_letter_limit: DeadLetterLimit = DeadLetterLimit()
    intake_records: int = Field(default=8_192, ge=1, description="records waiting for a batch before partitions pause")
    intake_bytes: int = Field(default=64 * 1_048_576, ge=1)
    transaction_records: int = Field(default=16_384, ge=1)
    transaction_bytes: int = Field(default=32 * 1_048_576, ge=1)
    consumer: dict[str, str] = Field(default_factory=dict)
    producer: dict[str, str] = Field(default_factory=dict)


class WorkerSettings(Section):
    """The process: its slot, its web port, how long it may take to stop."""

    slot: int | None = Field(default=None, ge=0)
    stateful_set: bool | None = Field(default=None, description="slot from the host name; None: if in Kubernetes")
    web_host: str = "127.0.0.1"
    web_port: int = Field(default=0, ge=0, description="0 takes a free port, shown in the log and by `status`")
    stall_seconds: float = Field(default=60.0, gt=0, description="age of the oldest unsettled record that is not live")
    drain_seconds: float = Field(default=8.0, gt=0)
    revoke_seconds: float = Field(default=2.0, gt=0)


class LogSettings(Section):
    """structlog's level and shape."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "console", "json"] = "auto"


class Settings(BaseSettings):
    """Everything that a person may set, checked."""

    model_config = SettingsConfigDict(
        env_prefix="SLUICEGATE_", env_nested_delimiter="__", frozen=True, extra="forbid", toml_file="sluicegate.toml"
    )

    kafka: KafkaSettings = KafkaSettings()
    registry: RegistrySettings = RegistrySettings()
    stack: StackSettings = StackSettings()
    topics: TopicSettings = TopicSettings()
    worker: WorkerSettings = WorkerSettings()
    log: LogSettings = LogSettings()
    lanes: dict[str, LaneSettings] = Field(default_factory=dict)
    dead_letters: str = "sluicegate.dead-letters"
    control: str = Field(default="sluicegate.control", description="operators' decisions: which partitions are stopped")

    def lane(self, name: str) -> LaneSettings:
        """The settings of one lane; a lane that nobody set has the defaults."""
        return self.lanes.get(name, LaneSettings())

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments before the environment before the file."""
        path = Path(os.environ.get("SLUICEGATE_SETTINGS", "sluicegate.toml"))
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=path)


@lru_cache(maxsize=1)
def load() -> Settings:
    """The settings of this process, read once.

    Raises pydantic.ValidationError, which names each wrong value and where it belongs.
    """
    return Settings()


def override(settings: Settings, changes: Mapping[str, Any]) -> Settings:
    """A copy with some sections replaced, for tests and for commands with options."""
    return settings.model_copy(update=dict(changes))
