"""`language` guesses which language a text is in. What the worker knows of it; cheap to import."""

from typing import Annotated

from pydantic import Field

from processors.contract import BatchPolicy, Declaration
from schemas.records import RequestRecord


class LanguageRequest(RequestRecord):
    """A text of up to 10,000 characters; one that is empty or longer is answered INVALID_ARGUMENT."""

    text: Annotated[str, Field(min_length=1, max_length=10_000)]


declaration = Declaration(
    name="language",
    implementation="processors.language.processor:Language",
    request=LanguageRequest,
    model="frequent-words",
    model_version="1",
    batch=BatchPolicy(size=256, wait_ms=3.0),
)
