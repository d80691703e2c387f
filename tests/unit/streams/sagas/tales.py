"""Evidence of one saga, as a lane without Kafka wrote it."""

from dataclasses import replace
from typing import Any

from sagas.events import HistoryEvent
from sagas.wire.history import event_from
from schemas.outcome import Code
from streams.sagas.verifying import Evidence, verify
from tests.e2e.saga_worker import CATALOGUE
from tests.unit.streams.sagas.lane_of_sagas import SETTINGS, LaneOfSagas, failed

FORMS = {(one.name, one.version): one.form() for one in CATALOGUE}


class Told:
    """What a lane wrote."""

    def __init__(self, reject_third: bool) -> None:
        self.lane = LaneOfSagas(CATALOGUE)
        self.events: list[HistoryEvent] = []
        self.outcomes: list[dict[str, Any]] = []
        self.commands: dict[tuple[str, int], int] = {}
        effects = self.take(self.lane.handle(self.lane.start("three-echoes", "a")))
        for number in range(4):
            sent = self.lane.sent(effects)
            if not sent:
                break
            outcome = failed(Code.INVALID_ARGUMENT) if reject_third and number == 2 else None
            effects = self.take(self.lane.handle(self.lane.reply(sent[0], outcome)))

    def take(self, effects: Any) -> Any:
        """Keeps what was emitted."""
        self.events += [event_from(record) for record in self.lane.events(effects)]
        for sent in self.lane.sent(effects):
            attempt = int(dict(sent.headers)["x-saga-attempt"])
            self.commands[self.lane.decode(sent.value or b"")["request_id"], attempt] = 1
        ended = self.lane.sent(effects, SETTINGS.lane("sagas").results or "sluicegate.sagas.outcomes")
        self.outcomes += [self.lane.decode(one.value or b"") for one in ended]
        return effects

    def evidence(self, **changes: Any) -> Evidence:
        """All of it, but for the changes."""
        saga = self.lane.saga("a")
        assert saga is not None
        whole = Evidence({"a": self.events}, {"a": saga}, self.outcomes, [], self.commands, FORMS)
        return replace(whole, **changes)


def checks(evidence: Evidence) -> set[str]:
    """The checks that find something."""
    return {finding.check for finding in verify(evidence)}
