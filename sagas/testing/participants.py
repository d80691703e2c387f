"""Participants as sagas may rely on them: each key takes effect once, and an undo may come before what it undoes."""

from enum import StrEnum
from typing import NamedTuple

from sagas.compiled import Compiled, Request
from sagas.effects import Send
from sagas.inputs import Reply, ReplyStatus
from sagas.instance import Direction
from sagas.invariants import Deeds
from sagas.paths import split_path
from schemas.outcome import Code


class Conduct(StrEnum):
    """What a participant makes of a command: does it, refuses it, is too busy, or does it and fails then."""

    DOES = "does"
    REFUSES = "refuses"
    IS_BUSY = "is busy"
    BREAKS = "breaks"


class Answer(NamedTuple):
    """A reply in short, to be compared and sorted."""

    key: str
    attempt: int
    status: ReplyStatus
    code: str
    type_name: str

    def reply(self, output: dict[str, object]) -> Reply:
        """The engine's input."""
        kept = {**output, "request_id": self.key} if self.status is ReplyStatus.DONE else None
        return Reply(self.key, self.attempt, self.status, self.type_name, self.code, "", kept)


UNDONE_BEFORE = "UNDONE_BEFORE"


class Participants:
    """All participants of one saga. `answers` are remembered for ever, for commands with the same `bodies`.

    `barred` steps were undone.
    """

    def __init__(self) -> None:
        self.deeds = Deeds()
        self.answers: dict[str, tuple[ReplyStatus, str]] = {}
        self.bodies: dict[str, bytes] = {}
        self.barred: frozenset[str] = frozenset()

    def copy(self) -> "Participants":
        """Others with the same past."""
        made = Participants()
        made.deeds, made.answers, made.barred = self.deeds.copy(), self.answers.copy(), self.barred
        made.bodies = self.bodies.copy()
        return made

    def identity(self) -> tuple[object, ...]:
        """What tells two states apart."""
        done = tuple(sorted(self.deeds.done.items()))
        return tuple(sorted(self.answers.items())), tuple(sorted(self.bodies.items())), self.barred, done

    def choices(self, compiled: Compiled, send: Send) -> tuple[Conduct, ...]:
        """What may become of a command: one thing only, where the key is known or barred."""
        if send.request_id in self.answers or (send.direction is Direction.FORWARD and send.step in self.barred):
            return (Conduct.DOES,)
        if send.direction is Direction.FORWARD and _request(compiled, send).rejects:
            return tuple(Conduct)
        return (Conduct.DOES, Conduct.IS_BUSY)

    def perform(self, compiled: Compiled, send: Send, conduct: Conduct) -> Answer:
        """Does it, and answers."""
        request = _request(compiled, send)
        status, code = self._answer(request, send, conduct)
        return Answer(send.request_id, send.attempt, status, code, request.reply_type)

    def _answer(self, request: Request, send: Send, conduct: Conduct) -> tuple[ReplyStatus, str]:
        known = self.answers.get(send.request_id)
        if known is not None:
            same = self.bodies[send.request_id] == send.body
            return known if same else (ReplyStatus.FAILED, Code.REQUEST_ID_CONFLICT)
        if conduct is Conduct.IS_BUSY:
            return ReplyStatus.RETRIABLE, "BUSY"
        if send.direction is Direction.FORWARD and send.step in self.barred:
            return ReplyStatus.FAILED, UNDONE_BEFORE
        if conduct is Conduct.REFUSES:
            return self._remember(send, ReplyStatus.FAILED, min(request.rejects))
        self._act(send)
        self._remember(send, ReplyStatus.DONE, "")
        return (ReplyStatus.FAILED, "PROCESSOR_FAILED") if conduct is Conduct.BREAKS else (ReplyStatus.DONE, "")

    def _remember(self, send: Send, status: ReplyStatus, code: str) -> tuple[ReplyStatus, str]:
        self.answers[send.request_id], self.bodies[send.request_id] = (status, code), send.body
        return status, code

    def _act(self, send: Send) -> None:
        path, deeds = send.step, self.deeds
        if send.direction is Direction.FORWARD:
            deeds.done[path] = deeds.done.get(path, 0) + 1
            return
        self.barred |= {path}
        if deeds.left(path) > 0:
            deeds.undone[path] = deeds.undone.get(path, 0) + 1


def _request(compiled: Compiled, send: Send) -> Request:
    spec = compiled.steps[split_path(send.step)[0]]
    request = spec.request if send.direction is Direction.FORWARD else spec.undo
    assert request is not None
    return request
