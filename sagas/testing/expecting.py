"""What a test may expect of a saga; each message says what was the case instead."""

from abc import ABC, abstractmethod
from typing import Any, Self

from sagas.compiled import Compiled
from sagas.effects import Send
from sagas.instance import Direction, Instance, Status
from sagas.testing.errors import Unexpected
from sagas.testing.telling import told_command, told_outstanding


class Expecting(ABC):
    """The half of a harness that only looks."""

    compiled: Compiled
    _chosen: list[Send]

    @property
    @abstractmethod
    def saga(self) -> Instance | None:
        """The saga's state."""

    @property
    @abstractmethod
    def data(self) -> Any:
        """The saga's data."""

    @property
    @abstractmethod
    def outstanding(self) -> list[Send]:
        """The commands that wait for their answers."""

    def told(self) -> str:
        """How the saga stands, in words."""
        return told_outstanding(self.outstanding, self.saga)

    def expect(self, *steps: str) -> Self:
        """Commands of these steps wait for their answers, and no others do; the next answers are theirs."""
        return self._expect(Direction.FORWARD, steps)

    def expect_undo(self, *steps: str) -> Self:
        """Undos of these steps wait for their answers, and nothing else does; the next answers are theirs."""
        return self._expect(Direction.BACKWARD, steps)

    def expect_nothing(self) -> Self:
        """No command waits for an answer."""
        return self._expect(Direction.FORWARD, ())

    def expect_command(self, step: str, **fields: Any) -> Self:
        """The command of a step waits for its answer, and says this."""
        found = next((send for send in self.outstanding if send.step == step), None)
        if found is None:
            raise Unexpected(f"no command of {step} is outstanding: {self.told()}")
        for name, value in fields.items():
            if found.record.get(name) != value:
                raise Unexpected(f"{told_command(found)}: {name} is {found.record.get(name)!r}, not {value!r}")
        return self

    def expect_running(self) -> Self:
        """It goes on."""
        return self._expect_status(Status.RUNNING)

    def expect_compensating(self) -> Self:
        """It turned back, and is not done with that."""
        return self._expect_status(Status.COMPENSATING)

    def expect_completed(self, **fields: Any) -> Self:
        """It completed, and its data has these fields."""
        return self._expect_status(Status.COMPLETED).expect_data(**fields)

    def expect_compensated(self, reason: str = "") -> Self:
        """It failed, and everything is undone; `reason` is part of why."""
        return self._expect_status(Status.COMPENSATED)._expect_reason(reason)

    def expect_aborted(self, reason: str = "") -> Self:
        """An operator ended it, and nothing was undone."""
        return self._expect_status(Status.ABORTED)._expect_reason(reason)

    def expect_attention(self, step: str = "", reason: str = "") -> Self:
        """It is parked for an operator, at this step, for a reason that says this."""
        self._expect_status(Status.NEEDS_ATTENTION)
        attention = None if self.saga is None else self.saga.attention
        assert attention is not None
        if (step and attention.step != step) or reason not in attention.reason:
            raise Unexpected(f"attention for {step or 'any step'} and {reason!r} was expected; {self.told()}")
        return self

    def expect_data(self, **fields: Any) -> Self:
        """The data has these fields."""
        for name, value in fields.items():
            found = getattr(self.data, name, None)
            if found != value:
                raise Unexpected(f"data.{name} is {found!r}, not {value!r}; {self.told()}")
        return self

    def _expect(self, direction: Direction, steps: tuple[str, ...]) -> Self:
        waiting = self.outstanding
        found = sorted((send.direction, send.step) for send in waiting)
        if found != sorted((direction, step) for step in steps):
            kind = "commands of" if direction is Direction.FORWARD else "undos of"
            raise Unexpected(f"{f'{kind} ' + ', '.join(steps) if steps else 'nothing'} was expected; {self.told()}")
        self._chosen = waiting
        return self

    def _expect_status(self, status: Status) -> Self:
        if self.saga is None or self.saga.status is not status:
            raise Unexpected(f"{status} was expected; {self.told()}")
        return self

    def _expect_reason(self, reason: str) -> Self:
        if self.saga is not None and reason not in self.saga.reason:
            raise Unexpected(f"the reason {reason!r} was expected; {self.told()}")
        return self
