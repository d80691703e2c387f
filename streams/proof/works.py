"""A site at work: supervised workers, and everything that a reader with `read_committed` sees of them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

from confluent_kafka import Message

from schemas.dead_letter import parse
from streams.client.connection import admin, producer
from streams.client.record import Record
from streams.crew import Crew
from streams.failpoints import VARIABLE
from streams.proof.site import Site
from streams.proof.watcher import Watcher
from streams.restarts import RestartPolicy
from streams.slots import instance_id
from streams.supervisor import Supervisor
from streams.testing import eventually

ANSWER_SECONDS, ADMIN_SECONDS = 30.0, 5.0
FORGIVING = RestartPolicy(forgiven=1_000)
"""Deaths here are on purpose: no crash loop to slow down."""

Headers = Sequence[tuple[str, bytes | None]]


class Works:
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
        self.site = site
        variables = {**site.environment, **(environment or {})}
        self.supervisor = Supervisor(
            len(slots),
            only=[site.processor],
            environment=variables,
            settings=site.settings,
            slots=slots,
            policy=FORGIVING,
            crew=crew,
        )
        self._away: set[int] = set()
        self.records: dict[str, list[Record]] = {}
        self.outcomes: dict[str, list[Record]] = {}
        self.letters: dict[str, list[Record]] = {}
        self._watcher = Watcher(site.settings, [site.results, site.settings.dead_letters, *topics], self._see)
        self._admin = admin(site.settings)
        self._producer = producer(site.settings, "works")
        self._requests, self._results = site.codec("request"), site.codec("result")

    def __enter__(self) -> Self:
        self._watcher.start()
        self.supervisor.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.supervisor.stop()
        self._watcher.stop()

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

    def arm(self, slot: int, failpoints: str, **environment: str) -> int:
        """Puts a worker with these failpoints in a slot, and whole ones after it; its pid."""
        self.retire(slot)
        self.supervisor.revive(slot, {**environment, VARIABLE: failpoints})
        pid = self.pid(slot)
        self.supervisor.revive(slot, {VARIABLE: ""})
        self._away.discard(slot)
        return pid

    def retire(self, slot: int) -> None:
        """Kills a slot's worker, and leaves the slot empty; blocks until it is."""
        if slot not in self._away:
            self.pid(slot)
            self.supervisor.retire(slot)
            eventually(lambda: slot not in self.supervisor.pids(), what="the worker's end")
            self._away.add(slot)

    def join(self, slot: int) -> int:
        """Puts a worker in a slot, if it is empty; its pid."""
        if slot in self._away:
            self._away.discard(slot)
            self.supervisor.revive(slot, {VARIABLE: ""})
        return self.pid(slot)

    def pid(self, slot: int) -> int:
        """The worker in a slot; waits for one that is on its way."""
        return eventually(lambda: self.supervisor.pids().get(slot, 0), what=f"a worker in slot {slot}")

    def owners(self) -> dict[tuple[str, int], int]:
        """Which slot has which partition now, by topic and number."""
        group = self.site.binding.group
        described = self._admin.describe_consumer_groups([group], request_timeout=ADMIN_SECONDS)
        slots = {instance_id(group, slot): slot for slot in self.supervisor.slots()}
        return {
            (place.topic, place.partition): slots[member.group_instance_id]
            for member in described[group].result().members
            for place in member.assignment.topic_partitions
        }

    def owned_by(self, *slots: int, within: float = ANSWER_SECONDS) -> None:
        """Blocks until each of these slots has partitions, nobody else has any, and none is without an owner."""
        count = self.site.settings.topics.partitions

        def shared() -> bool:
            found = self.owners()
            return len(found) == count and set(found.values()) == set(slots)

        eventually(shared, within=within, every=0.1, what=f"all partitions with slots {slots}")

    def said(self, slot: int) -> str:
        """What the workers of a slot have logged."""
        path = self.supervisor.log_of(slot)
        return path.read_text() if path.exists() else ""

    def _see(self, record: Record) -> None:
        self.records.setdefault(record.topic, []).append(record)
        info = parse(record.headers) if record.topic == self.site.settings.dead_letters else None
        if info is not None:
            self.letters.setdefault(f"{info.topic}:{info.partition}:{info.offset}", []).append(record)
        else:
            place = (record.header("ce_id") or b"").decode()
            self.outcomes.setdefault(place, []).append(record)
