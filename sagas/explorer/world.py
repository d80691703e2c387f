"""One saga with all that is around it at one instant: what can happen next, and what comes of it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sagas.catalogue import Catalogue
from sagas.compiled import Compiled
from sagas.effects import Send
from sagas.engine import react
from sagas.inputs import Command, CommandKind, Input, ReplyStatus, TimerFired
from sagas.instance import Direction, Instance, SignalStatus, Status, StepStatus
from sagas.invariants import EFFECTS
from sagas.testing.participants import Answer, Conduct, Participants
from sagas.testing.recorder import React, Recorder

SAGA_ID = "one"
START_MS = 1_000_000


@dataclass(frozen=True, slots=True)
class Small:
    """What is explored. `output` holds the fields of every reply; `signals` a message for each signal."""

    compiled: Compiled
    payload: bytes = b"{}"
    output: Mapping[str, Any] = field(default_factory=dict)
    signals: Mapping[str, bytes] = field(default_factory=dict)
    cancels: bool = True
    resumes: int = 1


class World:
    """Commands under way (in any order), replies that were given (each may come, late, never, or again), timers."""

    def __init__(self, small: Small, engine: React = react) -> None:
        self.small = small
        self.participants = Participants()
        self.recorder = Recorder(Catalogue([small.compiled]), SAGA_ID, self.participants.deeds, engine)
        self.now_ms = START_MS
        self.commands: frozenset[tuple[str, Direction, int]] = frozenset()
        self.sends: dict[tuple[str, Direction, int], Send] = {}
        self.replies: frozenset[Answer] = frozenset()
        self.idle: frozenset[Answer] = frozenset()
        self.resumes, self.cancelled = small.resumes, not small.cancels

    def begin(self) -> "World":
        """Starts the saga."""
        return self.put(Command(CommandKind.START, self.small.compiled.name, payload=self.small.payload))

    def fork(self) -> "World":
        """Another one with the same past."""
        made = object.__new__(World)
        made.small, made.now_ms = self.small, self.now_ms
        made.participants = self.participants.copy()
        made.recorder = self.recorder.fork(made.participants.deeds)
        made.commands, made.sends, made.replies = self.commands, self.sends.copy(), self.replies
        made.idle = self.idle
        made.resumes, made.cancelled = self.resumes, self.cancelled
        return made

    def put(self, given: Input) -> "World":
        """An input for the engine."""
        for send in self.recorder.put(given, self.now_ms).sends:
            place = (send.step, send.direction, send.attempt)
            self.sends[place] = send
            self.commands |= {place}
        return self.settle()

    def settle(self) -> "World":
        """Sets aside the replies, and the commands, that can't change anything any more; `disturb` tries them."""
        saga = self.recorder.instance
        if saga is not None and self.replies:
            idle = {answer for answer in self.replies if is_idle(saga, self.place(answer), answer)}
            self.replies, self.idle = self.replies - idle, self.idle | idle
        if saga is not None:
            self.commands -= {place for place in self.commands if self._is_spent(saga, place)}
        return self

    def place(self, answer: Answer) -> tuple[str, Direction, int]:
        """The command that was answered."""
        return next(place for place, send in self.sends.items() if (send.request_id, send.attempt) == answer[:2])

    def _is_spent(self, saga: Instance, place: tuple[str, Direction, int]) -> bool:
        """Whether the participant would do nothing, and its answer change nothing."""
        send, participants = self.sends[place], self.participants
        barred = send.direction is Direction.FORWARD and send.step in participants.barred
        status, code = participants.answers.get(send.request_id, (ReplyStatus.FAILED, ""))
        known = send.request_id in participants.answers or barred
        return known and is_idle(saga, place, Answer(send.request_id, send.attempt, status, code, ""))

    def identity(self) -> tuple[object, ...]:
        """What tells two worlds apart; times and numbers of events change nothing that may happen."""
        saga = self.recorder.instance
        return (
            None if saga is None else essence(saga), self.commands, self.replies, self.participants.identity(),
            self.resumes, self.cancelled,
        )  # fmt: skip

    def successors(self) -> Iterator[tuple[str, Callable[[], "World"]]]:
        """What may happen next, and the world that it makes."""
        if self.is_over:
            return
        yield from self._served()
        for answer in sorted(self.replies):
            yield f"reply {answer}", partial(self.after, answer.reply(dict(self.small.output)))
        saga = self.recorder.instance
        if saga is None:
            return
        for name in sorted(saga.timers):
            yield f"timer {name}", partial(self._fired, saga, name)
        if not self.cancelled:
            yield "cancel", partial(self.after, Command(CommandKind.CANCEL, reason="tired"))
        if self.resumes and saga.status is Status.NEEDS_ATTENTION:
            yield "resume", partial(self.after, Command(CommandKind.RESUME, actor="ada"))
        for name, message in self.small.signals.items():
            if name in saga.signals and saga.signals[name].status is SignalStatus.AWAITED:
                yield f"signal {name}", partial(self.after, Command(CommandKind.SIGNAL, step=name, payload=message))

    def after(self, given: Input) -> "World":
        """The world after an input."""
        other = self.fork()
        if isinstance(given, Command):
            other.cancelled = self.cancelled or given.kind is CommandKind.CANCEL
            other.resumes -= given.kind is CommandKind.RESUME
        return other.put(given)

    @property
    def is_over(self) -> bool:
        """Whether the saga is left to itself: it ended, or is parked with nobody to help."""
        saga = self.recorder.instance
        parked = saga is not None and saga.status is Status.NEEDS_ATTENTION
        return saga is None or saga.ended or (parked and not self.resumes)

    def outlive(self) -> None:
        """What comes after the end changes nothing: commands that are still under way, their replies, all others."""
        other = self.fork()
        for place in sorted(other.commands):
            other = other._serve(place, Conduct.DOES)
        for answer in sorted(other.replies | other.idle):
            other.put(answer.reply(dict(self.small.output)))

    def disturb(self) -> None:
        """What must change nothing: replies that come too late or again, timers that are not set any more, or come
        too early."""
        saga = self.recorder.instance
        if saga is None:
            return
        for answer in self.idle:
            self._try(answer.reply(dict(self.small.output)))
        for name, epoch in self.recorder.run.spent:
            self._try(TimerFired(name, epoch, 0))
        for name, timer in saga.timers.items():
            if timer.due_ms > self.now_ms:
                self._try(TimerFired(name, timer.epoch, timer.due_ms))

    def _try(self, given: Input) -> None:
        """Checks an input whose world is not looked at any further."""
        if self.recorder.glance(given, self.now_ms).effects:
            self.fork().put(given)

    def _served(self) -> Iterator[tuple[str, Callable[[], "World"]]]:
        for place in sorted(self.commands):
            send = self.sends[place]
            for conduct in self.participants.choices(self.small.compiled, send):
                yield f"{send.step} {send.direction} {send.attempt} {conduct}", partial(self._serve, place, conduct)

    def _serve(self, place: tuple[str, Direction, int], conduct: Conduct) -> "World":
        other = self.fork()
        other.commands -= {place}
        other.replies |= {other.participants.perform(self.small.compiled, self.sends[place], conduct)}
        for invariant in EFFECTS:
            invariant(other.recorder.run)
        return other.settle()

    def _fired(self, saga: Instance, name: str) -> "World":
        other, timer = self.fork(), saga.timers[name]
        other.now_ms = max(self.now_ms, timer.due_ms)
        return other.put(TimerFired(name, timer.epoch, timer.due_ms))


def is_idle(saga: Instance, place: tuple[str, Direction, int], answer: Answer) -> bool:
    """Whether an answer comes too late to change anything, now and for ever."""
    path, direction, attempt = place
    step = saga.steps.get(path)
    if saga.ended or step is None:
        return True
    if direction is Direction.BACKWARD:
        waits, upgradable = step.undo_open, False
    else:
        waits, upgradable = step.open, step.status is StepStatus.IN_DOUBT and step.undo is StepStatus.NONE
    if answer.status is ReplyStatus.DONE:
        return not waits and not upgradable
    return not waits or attempt < step.attempt or attempt <= step.answered


def essence(saga: Instance) -> tuple[object, ...]:
    """A saga without its times and counters."""
    steps = tuple(
        (path, step.status, step.undo, step.attempt, step.budget_from, step.answered, bool(step.result))
        for path, step in saga.steps.items()
    )
    signals = tuple((name, signal.status) for name, signal in saga.signals.items())
    timers = (frozenset(saga.timers), frozenset(saga.paused))
    return (
        saga.status, saga.direction, saga.pivoted, saga.data, saga.attention is None, frozenset(steps), signals,
        tuple(saga.groups.items()), tuple(saga.choices.items()), timers,
    )  # fmt: skip
