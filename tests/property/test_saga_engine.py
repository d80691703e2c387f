"""Random small sagas under random schedules: the state is the fold of the history, and every saga can be ended.

The driver holds each transition against what is true of all of them: nothing given is changed, the same input gives the
same bytes, the records survive their schemas, each command is answered once.
"""

from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sagas.compile import compile_saga
from sagas.definition import Saga
from sagas.effects import Send
from sagas.flow import Part, for_each, parallel, pivot, seq, wait_signal, when
from sagas.inputs import CommandKind, ReplyStatus
from sagas.instance import Direction, Status
from sagas.policy import Deadline, Join, Kind, OnTimeout, Retry
from sagas.records import SagaRecord
from tests.saga_definitions import Order, Start, add_item_step, add_step, new_saga
from tests.saga_driver import Driver

ITEMS = ("p", "q", "r")
START = b'{"order": "one", "items": ["p", "q", "r"], "big": true}'
PATIENCE = 300


class Approved(SagaRecord):
    """A yes."""

    yes: bool = True


@dataclass
class Builder:
    """Draws a flow, and declares its steps on the way."""

    draw: st.DrawFn
    saga: Saga[Start, Order]
    count: int = 0

    def name(self) -> str:
        """Another name."""
        self.count += 1
        return f"s{self.count}"

    def step(self) -> Part:
        """A step that may be undone, or needs not be."""
        kind = self.draw(st.sampled_from([Kind.COMPENSATABLE, Kind.COMPENSATABLE, Kind.READ_ONLY]))
        retry = Retry(self.draw(st.integers(1, 2)), 100, jitter=0.0)
        return add_step(self.saga, self.name(), kind, retry=retry)

    def loop(self) -> Part:
        """A loop, perhaps over more than its bound."""
        kind = self.draw(st.sampled_from([Kind.COMPENSATABLE, Kind.READ_ONLY]))
        return for_each(
            lambda order: order.items,
            add_item_step(self.saga, self.name(), kind),
            max_items=self.draw(st.sampled_from([2, 3, 3, 3])),
            max_in_flight=self.draw(st.integers(1, 3)),
            item=str,
        )

    def signal(self) -> Part:
        """A wait."""
        then = self.draw(st.sampled_from(list(OnTimeout)))
        accept = self.draw(st.sampled_from([None, lambda order, message: message.yes]))
        return wait_signal(self.name(), Approved, timeout_ms=5_000, on_timeout=then, accept=accept)

    def branch(self, depth: int) -> Part:
        """A branch with one side or two."""
        taken = self.draw(st.booleans())
        then, otherwise = self.part(depth - 1), self.draw(st.booleans())
        other = self.part(depth - 1) if otherwise else None
        return when(lambda order: order.big == taken, then, other, name=self.name())

    def part(self, depth: int) -> Part:
        """Any part of a flow before the pivot."""
        kinds = ["step", "step", "loop", "signal", "any"] + (["seq", "parallel", "when"] if depth > 0 else [])
        kind = self.draw(st.sampled_from(kinds))
        if kind == "seq":
            return seq(*(self.part(depth - 1) for _ in range(2)))
        if kind == "parallel":
            return parallel(*(self.part(depth - 1) for _ in range(2)))
        if kind == "any":
            return parallel(self.step(), seq(self.step(), self.step()), join=Join.ANY)
        if kind == "when":
            return self.branch(depth)
        return {"step": self.step, "loop": self.loop, "signal": self.signal}[kind]()


@st.composite
def sagas(draw: st.DrawFn) -> Saga[Start, Order]:
    """A definition that compiles."""
    deadline = draw(st.sampled_from([None, Deadline(20_000)]))
    saga = new_saga(deadline=deadline)
    builder = Builder(draw, saga)
    parts = [builder.part(2) for _ in range(draw(st.integers(1, 3)))]
    if draw(st.booleans()):
        parts.append(pivot(add_step(saga, "pivot", Kind.PIVOT, retry=Retry(2, 100, jitter=0.0))))
        retry = Retry.forever(100, attention_after=2)
        parts.append(add_step(saga, "after", Kind.RETRIABLE, retry=retry))
    saga.flow = seq(*parts)
    return saga


REPLIES = st.sampled_from(
    [
        (ReplyStatus.DONE, ""),
        (ReplyStatus.DONE, ""),
        (ReplyStatus.FAILED, "NO"),
        (ReplyStatus.RETRIABLE, "BUSY"),
        (ReplyStatus.FAILED, "PROCESSOR_FAILED"),
    ]
)
ACTS = st.one_of(
    st.tuples(st.just("reply"), st.integers(0, 50), REPLIES),
    st.tuples(st.just("reply"), st.integers(0, 3), st.just((ReplyStatus.DONE, ""))),
    st.tuples(st.just("fire"), st.integers(0, 5), st.just(None)),
    st.tuples(st.just("command"), st.integers(0, 50), st.sampled_from(list(CommandKind))),
)


def act(driver: Driver, what: str, which: int, how: Any) -> None:
    """One input: a reply to any command ever sent, the newest first; a timer; or a command about anything."""
    if driver.instance is None:
        return
    if what == "reply" and driver.sent:
        send = driver.sent[-1 - which % len(driver.sent)]
        answer(driver, send, *how)
    elif what == "fire" and driver.saga.timers:
        timers = sorted(driver.saga.timers)
        driver.fire(timers[which % len(timers)])
    elif what == "command":
        names = [*driver.saga.steps, *driver.compiled[0].steps, *driver.compiled[0].signals]
        payload = {CommandKind.RESOLVE: b'{"payload": {"$bytes": ""}}', CommandKind.START: START}.get(how, b"{}")
        if how is not CommandKind.ABORT:
            driver.command(how, saga="order", step=names[which % len(names)], payload=payload)


def answer(driver: Driver, send: Send, status: ReplyStatus, code: str) -> None:
    """A reply to one command, however old."""
    known, driver.sent = driver.sent, [*driver.sent, send]
    try:
        driver.reply(send.step, status, code=code, undo=send.direction is Direction.BACKWARD)
    finally:
        driver.sent = [*known, *driver.of(Send)]


def bring_to_an_end(driver: Driver) -> None:
    """Participants that answer, a person who helps."""
    for _ in range(PATIENCE):
        if driver.instance is None or driver.saga.ended:
            return
        if driver.status is Status.NEEDS_ATTENTION:
            driver.command(CommandKind.RESUME)
            continue
        waiting = [
            (path, state.undo_open)
            for path, state in driver.saga.steps.items()
            if state.status == "WAITING" or state.undo == "WAITING"
        ]
        for path, undo in waiting:
            answer(driver, driver.last(path, undo=undo), ReplyStatus.DONE, "")
        awaited = [name for name, signal in driver.saga.signals.items() if signal.status == "AWAITED"]
        for name in awaited:
            driver.command(CommandKind.SIGNAL, step=name, payload=b"{}")
        retries = [name for name in driver.saga.timers if name.endswith("/retry")]
        for name in retries:
            if name in driver.saga.timers:
                driver.fire(name)
    raise AssertionError(f"it does not end: {driver.saga}")


@given(sagas(), st.lists(ACTS, max_size=25))
def test_every_saga_keeps_the_rules_and_ends(saga: Saga[Start, Order], acts: list[tuple[str, int, Any]]) -> None:
    driver = Driver(compile_saga(saga)).start(START)
    for what, which, how in acts:
        act(driver, what, which, how)
    bring_to_an_end(driver)
    commands_are_identities(driver)
    nothing_goes_forward_once_it_compensates(driver)
    what_it_did_is_settled(driver)


def commands_are_identities(driver: Driver) -> None:
    """One key for each step and direction, attempts that rise, and none of them twice."""
    for send in driver.sent:
        same = [other for other in driver.sent if (other.step, other.direction) == (send.step, send.direction)]
        assert {other.request_id for other in same} == {send.request_id}
        assert [other.attempt for other in same] == sorted({other.attempt for other in same})


def nothing_goes_forward_once_it_compensates(driver: Driver) -> None:
    """And nothing turns back once the pivot is done."""
    kinds = [(str(event.kind), event.step, event.body) for event in driver.history]
    names = [kind for kind, _, _ in kinds]
    if "compensating" in names:
        assert "step_sent" not in names[names.index("compensating") :]
        assert not any("pivot" in body for _, _, body in kinds)


def what_it_did_is_settled(driver: Driver) -> None:
    """A completed saga undid nothing; a compensated one undid all that it may have done."""
    if driver.instance is None:
        return
    steps = driver.saga.steps.items()
    if driver.status is Status.COMPLETED:
        assert all(not state.undo and not state.open for _, state in steps)
    if driver.status is Status.COMPENSATED:
        for path, state in steps:
            spec = driver.compiled[0].steps[path.partition("[")[0]]
            needs = state.status in ("DONE", "IN_DOUBT") and spec.undo is not None
            assert bool(state.undo) == needs
            assert not state.open
            assert not state.undo_open
