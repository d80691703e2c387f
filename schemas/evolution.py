"""May a schema follow another? Avro's resolution rules, with the reasons in words.

The registry decides in the end; this says why beforehand, without a registry, and for levels that it has not set yet.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from schemas.avro_schema import AvroSchema
from schemas.shape import Node, named_types, resolved

_PROMOTIONS = {
    "int": {"int"},
    "long": {"int", "long"},
    "float": {"int", "long", "float"},
    "double": {"int", "long", "float", "double"},
    "string": {"string", "bytes"},
    "bytes": {"string", "bytes"},
}


class Level(StrEnum):
    """A registry's compatibility levels."""

    NONE = "NONE"
    BACKWARD = "BACKWARD"
    BACKWARD_TRANSITIVE = "BACKWARD_TRANSITIVE"
    FORWARD = "FORWARD"
    FORWARD_TRANSITIVE = "FORWARD_TRANSITIVE"
    FULL = "FULL"
    FULL_TRANSITIVE = "FULL_TRANSITIVE"

    @property
    def demands(self) -> frozenset[str]:
        """What it demands: `backward` (new readers read old data), `forward` (the reverse), `transitive`."""
        words = set(self.value.lower().split("_")) - {"none"}
        if "full" in words:
            words = words - {"full"} | {"backward", "forward"}
        return frozenset(words)

    @property
    def transitive(self) -> bool:
        """Whether every earlier version counts, not only the latest."""
        return "transitive" in self.demands


def problems(new: AvroSchema, earlier: Sequence[AvroSchema], level: Level) -> list[str]:
    """Why `new` may not follow the `earlier` schemas (oldest first) at this level; empty when it may."""
    found: list[str] = []
    for old in earlier if level.transitive else earlier[-1:]:
        if "backward" in level.demands:
            found += [f"new readers can't read old data: {reason}" for reason in unreadable(new, old)]
        if "forward" in level.demands:
            found += [f"old readers can't read new data: {reason}" for reason in unreadable(old, new)]
    return list(dict.fromkeys(found))


def unreadable(reader: AvroSchema, writer: AvroSchema) -> list[str]:
    """Why data of the writer's schema can't always be read with the reader's; empty when it can."""
    match = _Match(named_types(reader.parsed), named_types(writer.parsed))
    return match.reasons(reader.parsed, writer.parsed, "")


class _Match:
    def __init__(self, readers: Mapping[str, Node], writers: Mapping[str, Node]) -> None:
        self._readers = readers
        self._writers = writers

    def reasons(self, reader: Node, writer: Node, path: str) -> list[str]:
        """Why the writer's node can't be read as the reader's."""
        read, reader = resolved(reader, self._readers)
        wrote, writer = resolved(writer, self._writers)
        where = path or "the record"
        if wrote == "union":
            return [reason for branch in writer for reason in self.reasons(reader, branch, path)]
        if read == "union":
            if any(not self.reasons(branch, writer, path) for branch in reader):
                return []
            return [f"{where}: no branch of the reader's union takes {wrote}"]
        if wrote not in _PROMOTIONS.get(read, {read}):
            return [f"{where}: {wrote} can't be read as {read}"]
        if "name" in reader and not _same_name(reader, writer):
            return [f"{where}: {writer['name']} can't be read as {reader['name']}"]
        match read:
            case "record" | "error":
                return self._record(reader, writer, path)
            case "array":
                return self.reasons(reader["items"], writer["items"], f"{path}[]")
            case "map":
                return self.reasons(reader["values"], writer["values"], f"{path}{{}}")
            case "enum":
                return _enum(reader, writer, where)
            case "fixed" if reader["size"] != writer["size"]:
                return [f"{where}: {writer['size']} bytes can't be read as {reader['size']}"]
        return []

    def _record(self, reader: Node, writer: Node, path: str) -> list[str]:
        wrote = {field["name"]: field for field in writer["fields"]}
        found: list[str] = []
        for field in reader["fields"]:
            inner = f"{path}.{field['name']}" if path else field["name"]
            names = [field["name"], *field.get("aliases", ())]
            source = next((wrote[name] for name in names if name in wrote), None)
            if source is not None:
                found += self.reasons(field["type"], source["type"], inner)
            elif "default" not in field:
                found.append(f"{inner}: the reader needs it, the writer lacks it, and it has no default")
        return found


def _same_name(reader: Mapping[str, Any], writer: Mapping[str, Any]) -> bool:
    space = reader["name"].rpartition(".")[0]
    aliases = [alias if "." in alias or not space else f"{space}.{alias}" for alias in reader.get("aliases", ())]
    return writer["name"] in (reader["name"], *aliases)


def _enum(reader: Mapping[str, Any], writer: Mapping[str, Any], where: str) -> list[str]:
    unknown = [symbol for symbol in writer["symbols"] if symbol not in reader["symbols"]]
    if not unknown or "default" in reader:
        return []
    return [f"{where}: the reader does not know {', '.join(unknown)}, and its enum has no default"]
