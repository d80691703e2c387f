"""A site at work: supervised workers, and everything that a reader with `read_committed` sees of them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

from confluent_kafka import Message

from schemas.dead_letter import parse
from streams.client.connection import producer
from streams.client.record import Record
from streams.crew import Crew
from streams.proof.crashed import crashed
from streams.proof.roster import Roster
from streams.proof.site import Site
from streams.proof.watcher import Watcher
from streams.restarts import RestartPolicy
from streams.supervisor import Supervisor

ANSWER_SECONDS = 30.0
FORGIVING = RestartPolicy(forgiven=1_000)
"""Deaths here are on purpose: no crash loop to slow down."""

Headers = Sequence[tuple[str, bytes | None]]


class Works(Roster):
    """Workers of a site in `slots`, a sender, and a reader of what they write; a context manager.

    `topics` are read beside the result topic and the dead letters. Places are `topic:partition:offset`.
    """

    def __init__(
        self,
        site: Site,
        slots: Sequence[int] = (0,),
        *,
        topics: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        crew: Crew | None = None,
    ) -> None:
        variables = {**site.environment, **(environment or {})}
        supervisor = Supervisor(
            len(slots),
            only=[site.processor],
            environment=variables,
            settings=site.settings,
            slots=slots,
            policy=FORGIVING,
            crew=crew,
        )
        super().__init__(site, supervisor)
        self.records: dict[str, list[Record]] = {}
        self.outcomes: dict[str, list[Record]] = {}
        self.letters: dict[str, list[Record]] = {}
        self._watcher = Watcher(site.settings, [site.results, site.settings.dead_letters, *topics], self._see)
        self._producer = producer(site.settings, "works")
        self._requests, self._results = site.codec("request"), site.codec("result")

    def __enter__(self) -> Self:
        self._watcher.start()
        self.supervisor.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.supervisor.stop()
        self._watcher.stop()
        problems = crashed(self.supervisor)
        assert not problems, problems

    def ask(self, request: Mapping[str, Any], key: bytes | None = None, headers: Headers = (), **where: Any) -> str:
        """Sends a request as Avro; its key is its id unless another is given. Returns its place; blocks until there."""
        named = key if key is not None else str(request["request_id"]).encode()
        return self.send(self._requests.encode(request), named, headers, **where)

    def send(self, value: bytes | None, key: bytes | None = None, headers: Headers = (), *, partition: int = -1) -> str:
        """Sends bytes to the request topic, and blocks until they are in the log; returns their place."""
        return self.send_all([(value, key, headers)], partition)[0]

    def send_all(self, records: Iterable[tuple[bytes | None, bytes | None, Headers]], partition: int = -1) -> list[str]:
        """Sends many records at once; their places, in order."""
        places: dict[int, str] = {}
        problems: list[str] = []
        count = 0
        for value, key, headers in records:

            def delivered(error: Any, message: Message, number: int = count) -> None:
                if error is not None:
                    problems.append(str(error))
                places[number] = f"{message.topic()}:{message.partition()}:{message.offset()}"

            arguments: dict[str, Any] = {"headers": list(headers), "on_delivery": delivered, "partition": partition}
            self._producer.produce(self.site.requests, value, key, **arguments)
            count += 1
        if self._producer.flush(30) or problems:
            raise TimeoutError(f"not every record reached the log: {problems[:3]}")
        return [places[number] for number in range(count)]

    def outcome(self, place: str, within: float = ANSWER_SECONDS) -> Record:
        """The one committed outcome of the request at this place; waits for it."""
        self.settled([place], within)
        assert place not in self.letters, f"{place} is a dead letter: {parse(self.letters[place][0].headers)}"
        return self.outcomes[place][0]

    def result(self, place: str, within: float = ANSWER_SECONDS) -> dict[str, Any]:
        """As `outcome`, decoded."""
        return self.decode(self.outcome(place, within))

    def letter(self, place: str, within: float = ANSWER_SECONDS) -> Record:
        """The one dead letter of the record at this place; waits for it."""
        self.settled([place], within)
        assert place in self.letters, f"{place} is no dead letter: {self.decode(self.outcomes[place][0])}"
        return self.letters[place][0]

    def decode(self, record: Record) -> dict[str, Any]:
        """A result record's content."""
        return self._results.decode(record.value or b"")

    def settled(self, places: Iterable[str], within: float = ANSWER_SECONDS) -> None:
        """Blocks until each of these places has an outcome or a dead letter. Raises AssertionError for none, or two."""
        wanted = list(places)

        def left() -> list[str]:
            return [place for place in wanted if place not in self.outcomes and place not in self.letters]

        if not self._watcher.wait(lambda: not left(), within):
            raise AssertionError(
                f"no answer within {within:g} s to {len(left())} of {len(wanted)}, such as {left()[0]}"
            )
        for place in wanted:
            answers = [*self.outcomes.get(place, ()), *self.letters.get(place, ())]
            assert len(answers) == 1, f"{place} has {len(answers)} answers"

    def _see(self, record: Record) -> None:
        self.records.setdefault(record.topic, []).append(record)
        info = parse(record.headers) if record.topic == self.site.settings.dead_letters else None
        if info is not None:
            self.letters.setdefault(f"{info.topic}:{info.partition}:{info.offset}", []).append(record)
        else:
            place = (record.header("ce_id") or b"").decode()
            self.outcomes.setdefault(place, []).append(record)
