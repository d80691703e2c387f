"""What the demo asks for: real digits, real sentences, and a few questions whose nearest sentences are looked up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from processors.digits.dataset import held_out
from streams.client.tensors import tensor
from streams.demo.sentences import sentences

DIGITS, EMBED = "digits", "embed"
QUESTIONS = (
    "How do I wait until all tasks are done?",
    "I want to read an email that has attachments.",
    "The connection to the server was lost.",
)


@dataclass(frozen=True, slots=True)
class Job:
    """One request: its processor, its id, the record that is sent."""

    processor: str
    request_id: str
    record: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Work:
    """All requests of one run; `labels` are what the digits really are, in the order of their jobs."""

    run: str
    digits: Sequence[Job]
    labels: Sequence[int]
    texts: Sequence[Job]
    questions: Sequence[Job]

    @property
    def jobs(self) -> list[Job]:
        """Every request."""
        return [*self.digits, *self.texts, *self.questions]

    @property
    def totals(self) -> dict[str, int]:
        """How many requests each processor gets."""
        return {DIGITS: len(self.digits), EMBED: len(self.texts) + len(self.questions)}


def prepare(run: str, texts: int) -> Work:
    """The held-out digits and so many sentences; ids begin with `run`. Takes a few seconds."""
    images, labels = held_out()
    return Work(
        run,
        [_job(run, DIGITS, number, image=tensor(image)) for number, image in enumerate(images)],
        [int(label) for label in labels],
        [_job(run, EMBED, number, text=text) for number, text in enumerate(sentences(texts))],
        [_job(run, EMBED, number, "question", text=text) for number, text in enumerate(QUESTIONS)],
    )


def _job(run: str, processor: str, number: int, kind: str | None = None, **fields: Any) -> Job:
    request_id = f"{run}-{kind or processor}-{number:04}"
    return Job(processor, request_id, {"request_id": request_id, **fields})
