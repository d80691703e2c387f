"""Where the local stack keeps what: jars, data, logs, the lock; all under one directory."""

from dataclasses import dataclass
from pathlib import Path

from streams.settings import StackSettings


@dataclass(frozen=True, slots=True)
class Layout:
    """The folders of one stack; `root` is absolute, because running services are known by it."""

    root: Path
    jars: Path
    secure: bool = False

    @classmethod
    def of(cls, settings: StackSettings) -> "Layout":
        """The layout that the settings choose; nothing is made yet."""
        root = settings.directory.expanduser().resolve()
        jars = settings.jars.expanduser().resolve() if settings.jars else root / "jars"
        return cls(root, jars, settings.secure)

    @property
    def logs(self) -> Path:
        """The services' logs, for people."""
        return self.root / "logs"

    @property
    def kafka_data(self) -> Path:
        """Kafka's log directory: everything that must outlive a restart, the registry's schemas included.

        A secured Kafka has one of its own: what was written without a log-in is not taken over.
        """
        return self.root / ("kafka-secure" if self.secure else "kafka")

    @property
    def secrets(self) -> Path:
        """Certificates, passwords and the roles' settings of a secured stack; its owner's alone."""
        return self.root / "secure"

    @property
    def lock(self) -> Path:
        """Held while the stack is started or stopped."""
        return self.root / "stack.lock"

    def make(self) -> None:
        """Create the folders that services write to."""
        for folder in (self.root, self.logs):
            folder.mkdir(parents=True, exist_ok=True)
