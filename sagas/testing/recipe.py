"""What a golden history's participants and people say: a start message, a message for each signal, replies."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from sagas import values
from sagas.errors import HistoryError


class Recipe(BaseModel):
    """Replies are by step's name; a step without one gets a reply without fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    start: Mapping[str, Any]
    signals: Mapping[str, Mapping[str, Any]] = {}
    replies: Mapping[str, Mapping[str, Any]] = {}

    @classmethod
    def read(cls, path: Path) -> "Recipe":
        """The recipe of a file, where bytes are {"$bytes": base64}. Raises OSError, HistoryError."""
        try:
            return cls.model_validate(values.loads(path.read_bytes()))
        except (ValueError, ValidationError) as error:
            raise HistoryError(f"{path} is no recipe: {error}") from error

    def reply(self, step: str) -> dict[str, Any]:
        """The fields of a step's reply."""
        found: dict[str, Any] = values.untagged(dict(self.replies.get(step, {})))
        return found
