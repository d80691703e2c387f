"""The proof: the log read anew, from where the demo began, and each request held against its results."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from streams.client.any_decoder import AnyDecoder
from streams.client.connection import open_registry
from streams.client.reading import TopicReader
from streams.client.record import Record
from streams.client.spans import Place, spans
from streams.settings import Settings, override


@dataclass(frozen=True, slots=True)
class Answer:
    """A committed result: the request that it says it answers (`ce_id` is its place, `record` has its id)."""

    ce_id: str
    record: Mapping[str, Any]

    @property
    def request_id(self) -> str:
        """The id of the request."""
        return str(self.record["request_id"])


@dataclass(frozen=True, slots=True)
class Verdict:
    """Exactly one result for each request, or what is wrong; `requests` and `answers` are counts."""

    requests: int
    answers: int
    missing: tuple[str, ...]
    twice: tuple[str, ...]
    strange: tuple[str, ...]
    failed: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether each request has one result, that one is COMPLETED, and there is nothing else."""
        return not (self.missing or self.twice or self.strange or self.failed)


def judge(wanted: Iterable[str], requests: Mapping[str, str], answers: Iterable[Answer]) -> Verdict:
    """Holds results against requests, by id and by place. Pure.

    `wanted` are the ids that were to be sent, `requests` the ids of the log by their places
    (`topic:partition:offset`). Strange is a result whose place and id are not those of one request.
    """
    all_answers = list(answers)
    by_id = Counter(answer.request_id for answer in all_answers)
    by_place = Counter(answer.ce_id for answer in all_answers)
    twice = {one for counts in (by_id, by_place) for one, count in counts.items() if count > 1}
    return Verdict(
        requests=len(requests),
        answers=len(all_answers),
        missing=tuple(sorted({*wanted, *requests.values()} - by_id.keys())),
        twice=tuple(sorted(twice)),
        strange=tuple(one.ce_id for one in all_answers if requests.get(one.ce_id) != one.request_id),
        failed=tuple(one.request_id for one in all_answers if one.record["status"] != "COMPLETED"),
    )


class Log:
    """What a run left in request and result topics, from the offsets `starts` on."""

    def __init__(self, settings: Settings, starts: Mapping[Place, int], run: str) -> None:
        self._settings, self._starts, self._run = settings, starts, f"{run}-".encode()

    def requests(self, topics: Iterable[str]) -> dict[str, str]:
        """The ids of the run's requests, by their places."""
        return {record.place: (record.key or b"").decode() for record in self._read(self._settings, topics)}

    def answers(self, topics: Iterable[str]) -> list[Answer]:
        """The run's committed results."""
        registry = open_registry(self._settings)
        decode = AnyDecoder(registry)
        try:
            return [
                Answer((record.header("ce_id") or b"").decode(), decode(record.value or b""))
                for record in self._read(self._settings, topics)
            ]
        finally:
            registry.close()

    def written(self, topics: Iterable[str]) -> int:
        """How many results were ever written: those of aborted transactions, which readers never see, included."""
        consumer = {**self._settings.kafka.consumer, "isolation.level": "read_uncommitted"}
        kafka = self._settings.kafka.model_copy(update={"consumer": consumer})
        return sum(1 for _ in self._read(override(self._settings, {"kafka": kafka}), topics))

    def _read(self, settings: Settings, topics: Iterable[str]) -> Iterable[Record]:
        reader = TopicReader(settings, "demo-proof")
        wanted = set(topics)
        starts = {place: offset for place, offset in self._starts.items() if place[0] in wanted}
        found = spans(starts, starts, reader.latest(starts))
        return (record for record in reader.read(found) if (record.key or b"").startswith(self._run))
