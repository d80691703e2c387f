"""Fakes that keep the real things' contracts: a registry in memory."""

import json
import time
from collections.abc import Callable

from schemas.avro_schema import AvroSchema
from schemas.errors import RegistryUnavailable, SchemaIncompatible, SchemaNotFound, SchemaUnsafe
from schemas.evolution import Level, problems
from schemas.registry import Registry, Stored


class MemorySource:
    """A registry's operations in memory. `down` makes every one of them fail; `asked` counts them."""

    def __init__(self) -> None:
        self.down = False
        self.asked = 0
        self.ids: dict[int, Stored] = {}
        self.subjects: dict[str, list[int]] = {}
        self.levels: dict[str, str] = {}

    def fetch(self, schema_id: int) -> Stored | None:
        """The schema of an id."""
        self._ask()
        return self.ids.get(schema_id)

    def find(self, subject: str, text: str) -> int | None:
        """The id of this schema under a subject."""
        self._ask()
        return next((one for one in self.subjects.get(subject, ()) if _same(self.ids[one].text, text)), None)

    def register(self, subject: str, text: str) -> int:
        """Registers a schema under the level that is set."""
        found = self.find(subject, text)
        if found is not None:
            return found
        level = Level(self.levels.get(subject, "NONE"))
        versions = self.subjects.get(subject, [])
        try:
            earlier = [AvroSchema.read(self.ids[one].text) for one in versions]
            refused = problems(AvroSchema.read(text), earlier, level)
        except SchemaUnsafe as error:
            raise SchemaIncompatible(f"the registry refuses: {error}") from error
        if refused:
            raise SchemaIncompatible(f"the registry refuses: {'; '.join(refused)}")
        schema_id = next((one for one, stored in self.ids.items() if _same(stored.text, text)), len(self.ids) + 1)
        self.ids[schema_id] = Stored(text)
        self.subjects.setdefault(subject, []).append(schema_id)
        return schema_id

    def versions(self, subject: str) -> list[int]:
        """The subject's versions, from 1."""
        self._ask()
        return list(range(1, len(self.subjects.get(subject, ())) + 1))

    def version(self, subject: str, version: int) -> Stored:
        """The schema of a version."""
        self._ask()
        ids = self.subjects.get(subject, [])
        if not 1 <= version <= len(ids):
            raise SchemaNotFound(f"the registry has no version {version} of {subject!r}")
        return self.ids[ids[version - 1]]

    def compatibility(self, subject: str) -> str | None:
        """The level set on the subject."""
        self._ask()
        return self.levels.get(subject)

    def set_compatibility(self, subject: str, level: str) -> None:
        """Sets the subject's level."""
        self._ask()
        self.levels[subject] = level

    def close(self) -> None:
        """Nothing to end."""

    def _ask(self) -> None:
        self.asked += 1
        if self.down:
            raise RegistryUnavailable("the registry in memory is told to be down")


class MemoryRegistry(Registry):
    """The registry of tests: everything but the network is the real one's."""

    def __init__(self, retry_seconds: float = 30.0, clock: Callable[[], float] = time.monotonic) -> None:
        self.source = MemorySource()
        super().__init__("memory:", retry_seconds=retry_seconds, clock=clock, source=self.source)


def _same(one: str, other: str) -> bool:
    return bool(json.loads(one) == json.loads(other))
