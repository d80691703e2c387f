"""`embed` turns a text into a vector of 384 floats; texts of like meaning are near each other."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from processors import manifest
from processors.contract import BatchPolicy, Declaration
from processors.embed.wire import EmbedWire
from schemas.records import RequestRecord

TEXT_MOST_CHARACTERS = 32_768
MOST_TOKENS = 256
_CHARACTERS_PER_TOKEN = 4


def not_blank(text: str) -> str:
    """The text, if it has more than white space; raises ValueError."""
    if not text.strip():
        raise ValueError("the text is empty or only white space; send at least one word")
    return text


class EmbedRequest(RequestRecord):
    """A text of up to 32,768 characters, of which the first 256 tokens are read."""

    text: Annotated[str, Field(min_length=1, max_length=TEXT_MOST_CHARACTERS), AfterValidator(not_blank)]


def estimated_tokens(record: Mapping[str, Any]) -> int:
    """About how many tokens a record has, without tokenising it."""
    return min(2 + len(record["text"]) // _CHARACTERS_PER_TOKEN, MOST_TOKENS)


_model = manifest.read(Path(__file__).parent)

declaration = Declaration(
    name="embed",
    implementation="processors.embed.processor:Embed",
    request=EmbedRequest,
    model=_model.name,
    model_version=_model.version,
    batch=BatchPolicy(size=64, wait_ms=5.0, cost=64 * MOST_TOKENS),
    cost=estimated_tokens,
    wire=EmbedWire,
)
