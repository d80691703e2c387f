"""A Kafka that knows its clients by name and refuses what no ACL allows: KRaft, StandardAuthorizer, SASL/PLAIN."""

from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from streams.settings import KafkaSettings, Settings, override
from streams.stack import kafka, ports, service
from streams.stack.layout import Layout
from streams.stack.testing import StackForTests
from streams.testing import eventually

ADMIN = "administrator"
LOGIN = "org.apache.kafka.common.security.plain.PlainLoginModule"


def password(user: str) -> str:
    """A user's password."""
    return f"secret of {user}"


def as_user(settings: Settings, user: str) -> Settings:
    """The settings of a client that logs in."""
    login = {
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "PLAIN",
        "sasl.username": user,
        "sasl.password": password(user),
    }
    return override(
        settings, {"kafka": KafkaSettings(bootstrap_servers=settings.kafka.bootstrap_servers, properties=login)}
    )


def security(users: list[str]) -> dict[str, str]:
    """The broker's settings: everybody logs in, and only the administrator may what no ACL allows.

    The controller's listener has no login, and the node itself comes that way, as ANONYMOUS.
    """
    known = " ".join(f'user_{user}="{password(user)}"' for user in [ADMIN, *users])
    return {
        "listener.security.protocol.map": "CLIENT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
        "sasl.enabled.mechanisms": "PLAIN",
        "sasl.mechanism.inter.broker.protocol": "PLAIN",
        "listener.name.client.plain.sasl.jaas.config": (
            f'{LOGIN} required username="{ADMIN}" password="{password(ADMIN)}" {known};'
        ),
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": f"User:{ADMIN};User:ANONYMOUS",
    }


class SecuredBroker:
    """One broker beside the session's stack, whose registry it shares. Use as a context manager."""

    def __init__(self, stack: StackForTests, folder: Path, users: list[str]) -> None:
        port, controller = ports.free(2)
        changes = {"directory": folder / "secured", "kafka_port": port, "controller_port": controller}
        self._users = users
        self.settings: Settings = override(
            stack.settings,
            {
                "stack": stack.settings.stack.model_copy(update=changes),
                "kafka": KafkaSettings(bootstrap_servers=f"{ports.HOST}:{port}"),
            },
        )
        self.admin = AdminClient(as_user(self.settings, ADMIN).kafka.client())

    def __enter__(self) -> "SecuredBroker":
        layout = Layout.of(self.settings.stack)
        layout.make()
        kafka.prepare(self.settings, layout, security(self._users))
        self._running = service.start(kafka.service(self.settings, layout))
        eventually(self._answers, within=60, what="the secured broker")
        return self

    def __exit__(self, *_: object) -> None:
        self._running.process.kill()
        self._running.process.wait(10)

    def _answers(self) -> bool:
        try:
            return bool(self.admin.list_topics(timeout=1).brokers)
        except KafkaException:
            return False
