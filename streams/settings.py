"""What a person may set: one frozen tree of settings, read from `sluicegate.toml` and the environment.

The environment wins over the file: `SLUICEGATE_KAFKA__BOOTSTRAP_SERVERS=broker:9092`. This module and
`settings_source` are the only readers of both. Values that a library defines (librdkafka's properties) pass through
untouched, except for those that `fixed_properties` refuses.
"""

import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from schemas.topics import dead_letters_topic
from streams.fixed_properties import AnyProperties, ConsumerProperties, ProducerProperties
from streams.settings_source import check_environment, file_source
from streams.tenants import TenantName

Guarantee = Literal["exactly-once", "at-least-once", "at-most-once"]


class Section(BaseModel):
    """A part of the settings; unknown names are refused, so that a misspelt one is not ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class KafkaSettings(Section):
    """How to reach the cluster; `properties` go to every librdkafka client, the others to one kind each."""

    bootstrap_servers: str = Field(
        default="localhost:9092", description="brokers to begin with, host:port, separated by commas"
    )
    properties: AnyProperties = Field(
        default_factory=dict, repr=False, description="librdkafka properties of every client (security, TLS)"
    )
    consumer: ConsumerProperties = Field(
        default_factory=dict, repr=False, description="librdkafka properties of every consumer"
    )
    producer: ProducerProperties = Field(
        default_factory=dict, repr=False, description="librdkafka properties of every producer"
    )
    session_timeout_ms: int = Field(
        default=6_000, ge=500, description="after this silence the group takes a worker for dead"
    )
    max_poll_interval_ms: int = Field(
        default=300_000, ge=1_000, description="longest time between two polls; never below the session timeout"
    )
    transaction_timeout_ms: int = Field(
        default=30_000, ge=1_000, description="after this time the broker aborts a transaction that nobody ended"
    )

    def client(self, **extra: Any) -> dict[str, Any]:
        """The properties of any client of this cluster; `extra` are defaults that the user's own override."""
        return {**extra, "bootstrap.servers": self.bootstrap_servers, **self.properties}


class RegistrySettings(Section):
    """The schema registry (Confluent's API); `properties` go to its client (authentication, TLS)."""

    url: str = Field(
        default="http://localhost:8081/apis/ccompat/v7", repr=False, description="address of Confluent's API"
    )
    properties: dict[str, str] = Field(
        default_factory=dict, repr=False, description="properties of the registry's client (authentication, TLS)"
    )
    unknown_schema_retry_seconds: float = Field(
        default=30.0, gt=0, description="how long a schema id counts as unknown before the registry is asked again"
    )


class StackSettings(Section):
    """The local Kafka and registry of `sluicegate up`: where they listen, and where they keep their data."""

    engine: Literal["auto", "java", "docker"] = Field(
        default="auto", description="auto takes Java where it is installed"
    )
    directory: Path = Field(
        default=Path(".sluicegate"), description="data, logs, locks and checkpoints of this machine"
    )
    jars: Path | None = Field(default=None, description="where its jars are kept; by default under the directory")
    secure: bool = Field(
        default=False, description="TLS, log-ins and ACLs, as `sluicegate up --secure` makes them: docs/security.md"
    )
    kafka_port: int = Field(default=9092, ge=1, le=65_535, description="where the local broker listens")
    controller_port: int = Field(default=9093, ge=1, le=65_535, description="where its controller listens")
    registry_port: int = Field(default=8081, ge=1, le=65_535, description="where the local registry listens")
    kafka_heap: str = Field(default="512m", description="memory of the broker's JVM")
    registry_heap: str = Field(default="384m", description="memory of the registry's JVM")
    start_seconds: float = Field(default=90.0, gt=0, description="how long both may take to be ready")


class TopicSettings(Section):
    """Sizes of the topics that `sluicegate init` creates."""

    partitions: int = Field(default=4, ge=1, description="of request, result and changelog topics")
    replication: int = Field(default=1, ge=1, description="copies of each partition")
    retention_hours: float = Field(default=24 * 7, gt=0, description="how long requests, results and dead letters stay")
    max_message_bytes: int = Field(
        default=1_048_576, ge=1_024, description="the largest record of request and result topics"
    )
    dead_letter_max_message_bytes: int = Field(
        default=2_097_152, ge=1_024, description="the largest dead letter: the record and its headers"
    )
    request_compression: Literal["uncompressed", "producer", "lz4", "zstd", "gzip", "snappy"] = Field(
        default="uncompressed", description="`compression.type` of request topics; see docs/topics-and-schemas.md"
    )


class RepeatSettings(Section):
    """How long, and how much, a lane remembers of what it answered."""

    retention_seconds: float = Field(
        default=3_600, ge=0, description="how long an answer is remembered; 0 remembers nothing"
    )
    entries: int = Field(default=200_000, ge=0, description="for each partition; 0 remembers nothing")
    bytes: int = Field(default=64 * 1_048_576, ge=0, description="for each partition")


class DeadLetterLimit(Section):
    """When unreadable records stop a partition instead of being diverted. Off by default."""

    consecutive: int | None = Field(default=None, ge=1, description="so many unreadable records in a row are borne")
    ratio: float | None = Field(default=None, gt=0, le=1, description="such a part of the window may be unreadable")
    window: int = Field(default=1_000, ge=10, description="records over which the ratio is taken")


class BatchSettings(Section):
    """Overrides of a processor's own batch policy."""

    size: int | None = Field(default=None, ge=1, description="records")
    wait_ms: float | None = Field(default=None, ge=0, description="age of the oldest record")
    cost: int | None = Field(default=None, ge=1, description="in the processor's own unit (tokens, pixels)")
    bytes: int | None = Field(default=None, ge=1, description="of encoded requests")


class DeviceChoice(Section):
    """One device that runs a processor."""

    device: str = Field(default="auto", description="auto (CUDA when there is one), cpu, cuda or cuda:N")
    dtype: str = Field(default="float32", description="number format of the weights and of the computation")
    threads: int | None = Field(default=None, ge=1, description="of torch on the CPU; by default all cores")
    compile: bool = Field(default=False, description="compile the network when it is loaded")
    quantize: Literal["none", "int8"] = Field(
        default="none", description="int8: linear layers of eight bits, for `embed` on the CPU"
    )
    options: dict[str, str] = Field(default_factory=dict, description="the processor's own")


class LaneSettings(Section):
    """A lane: its binding to topics, its guarantee and its bounds. Empty names mean the defaults."""

    requests: tuple[str, ...] = Field(
        default=(), description="topics that it reads; by default sluicegate.LANE.requests"
    )
    results: str | None = Field(
        default=None, description="topic that it answers on; by default sluicegate.LANE.results"
    )
    group: str | None = Field(default=None, description="consumer group; by default sluicegate.LANE")
    tenants: tuple[TenantName, ...] = Field(
        default=(),
        description="who has topics of their own here: TENANT.LANE.requests, answered on TENANT.LANE.results",
    )
    guarantee: Guarantee = Field(
        default="exactly-once", description="what a crash may do: nothing, repeat results, lose results"
    )
    batch: BatchSettings = Field(default=BatchSettings(), description="overrides of the processor's batch policy")
    devices: tuple[DeviceChoice, ...] = Field(default=(DeviceChoice(),), description="one host process for each")
    slots: int | None = Field(default=None, ge=1, description="micro-batches in flight on the processor")
    timeout_seconds: float | None = Field(default=None, gt=0, description="run time-out of one micro-batch")
    repeats: RepeatSettings = Field(default=RepeatSettings(), description="what it remembers of what it answered")
    dead_letter_limit: DeadLetterLimit = Field(
        default=DeadLetterLimit(), description="when unreadable records stop a partition"
    )
    intake_records: int = Field(default=8_192, ge=1, description="records waiting for a batch before partitions pause")
    intake_bytes: int = Field(default=64 * 1_048_576, ge=1, description="the same in bytes")
    transaction_records: int = Field(default=16_384, ge=1, description="the most requests that one transaction settles")
    transaction_bytes: int = Field(default=32 * 1_048_576, ge=1, description="the same in bytes")
    consumer: ConsumerProperties = Field(
        default_factory=dict, repr=False, description="librdkafka properties of its consumers"
    )
    producer: ProducerProperties = Field(
        default_factory=dict, repr=False, description="librdkafka properties of its producers"
    )


class SagaSettings(Section):
    """The topics of sagas beside their lane's own (`lanes.sagas`), and how long what they say stays."""

    history: str = Field(default="sluicegate.sagas.history", description="every event of every saga")
    attention: str = Field(default="sluicegate.sagas.attention", description="the sagas that wait for a person")
    orphans: str = Field(default="sluicegate.sagas.orphans", description="replies that no saga waits for")
    definitions: str = Field(default="sluicegate.sagas.definitions", description="the released definitions")
    history_hours: float = Field(default=24 * 365, gt=0, description="how long the history of a saga stays")


class LedgerSettings(Section):
    """The lane `ledger`: credits of tenants."""

    remember_hours: float = Field(
        default=24 * 8, gt=0, description="how long an answer, and a closed reservation, is remembered"
    )


class IndexSettings(Section):
    """The lane `index`: documents in a database outside Kafka."""

    url: str | None = Field(
        default=None,
        repr=False,
        description="SQLAlchemy's URL; by default the SQLite file `index/documents.db` of the directory",
    )
    busy_seconds: float = Field(default=5.0, gt=0, description="how long SQLite waits for another worker's transaction")
    remember_hours: float = Field(default=24 * 8, gt=0, description="how long an answer is remembered")


class WorkerSettings(Section):
    """The process: its slot, its web port, how long it may take to stop."""

    slot: int | None = Field(default=None, ge=0, description="its stable ordinal; by default the host's or a free one")
    stateful_set: bool | None = Field(default=None, description="slot from the host name; None: if in Kubernetes")
    web_host: str = Field(default="127.0.0.1", description="address of /health and /metrics")
    web_port: int = Field(default=0, ge=0, le=65_535, description="0 takes a free port, shown in the log")
    web_certificate: Path | None = Field(
        default=None, description="certificate (PEM) that makes the web endpoints HTTPS; it may hold the key too"
    )
    web_key: Path | None = Field(default=None, description="the certificate's key, where that is a file of its own")
    lanes: tuple[str, ...] = Field(default=(), description="lanes that it runs unless `--only` names others; all")
    stall_seconds: float = Field(
        default=120.0,
        gt=0,
        description="age of the oldest unsettled record that is not live; at least thrice a lane's time-out and 30 s",
    )
    drain_seconds: float = Field(default=8.0, gt=0, description="how long SIGTERM lets what is in flight take")
    revoke_seconds: float = Field(default=2.0, gt=0, description="how long a rebalance waits for what is nearly done")
    pinned_seconds: float = Field(
        default=5.0, gt=0, description="how long due timers wait for records hidden by a transaction that nobody ends"
    )


class LogSettings(Section):
    """structlog's level and shape."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="the least important lines that are shown"
    )
    format: Literal["auto", "console", "json"] = Field(
        default="auto", description="auto is console on a terminal, json elsewhere"
    )


class Settings(BaseSettings):
    """Everything that a person may set, checked."""

    model_config = SettingsConfigDict(env_prefix="SLUICEGATE_", env_nested_delimiter="__", frozen=True, extra="forbid")

    kafka: KafkaSettings = KafkaSettings()
    registry: RegistrySettings = RegistrySettings()
    stack: StackSettings = StackSettings()
    topics: TopicSettings = TopicSettings()
    worker: WorkerSettings = WorkerSettings()
    log: LogSettings = LogSettings()
    ledger: LedgerSettings = LedgerSettings()
    index: IndexSettings = IndexSettings()
    sagas: SagaSettings = SagaSettings()
    lanes: dict[str, LaneSettings] = Field(
        default_factory=dict, description="settings of one lane each, by the lane's name"
    )
    tenant: TenantName | None = Field(
        default=None, description="whose client this is: it sees TENANT.LANE.requests and so on; never set for a worker"
    )
    dead_letters: str = Field(default="sluicegate.dead-letters", description="topic of records that could not be read")
    control: str = Field(default="sluicegate.control", description="operators' decisions: which partitions are stopped")

    @property
    def letters(self) -> str:
        """The topic of dead letters that this user means: the tenant's own, where there is one."""
        return self.dead_letters if self.tenant is None else dead_letters_topic(self.tenant)

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
        check_environment(settings_cls, os.environ)
        return init_settings, env_settings, file_source(settings_cls)


@lru_cache(maxsize=1)
def load() -> Settings:
    """The settings of this process, read once.

    Raises pydantic.ValidationError, which names each wrong value and where it belongs, pydantic_settings.SettingsError
    for a variable that is no JSON where it must be, UserMistake for a file or a variable that can't be meant.
    """
    return Settings()


def override(settings: Settings, changes: Mapping[str, Any]) -> Settings:
    """A copy with some sections replaced, for tests and for commands with options."""
    return settings.model_copy(update=dict(changes))
