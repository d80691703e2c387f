"""Going on: what of the flow is done, and what can be begun."""

from collections.abc import Callable, Sequence
from enum import Enum, auto
from typing import Any

from pydantic import TypeAdapter

from sagas import values
from sagas.engine.sending import item_of, send_step
from sagas.engine.turn import SagaFault, Turn, call
from sagas.events import EventKind
from sagas.flow import ForEach, Node, Parallel, Pivot, Run, Seq, WaitSignal, When
from sagas.instance import OPEN, SignalState, SignalStatus, StepStatus
from sagas.nodes import steps_in
from sagas.paths import item_path
from sagas.policy import Join, Kind, OnTimeout
from schemas.swift_enum import swift


@swift
class Outlook(Enum):
    """How a part of the flow stands."""

    DONE = auto()
    WAITING = auto()
    FAILED = auto()


def forward(turn: Turn, node: Node) -> Outlook:
    """Begins what can be begun within a node; says how it stands. Raises SagaFault."""
    return _FORWARD[type(node)](turn, node)


def any_open(turn: Turn) -> bool:
    """Whether a step is not settled."""
    return any(state.status in OPEN for state in turn.instance.steps.values())


def _run(turn: Turn, node: Run) -> Outlook:
    return _step(turn, node.step, node.step)


def _step(turn: Turn, path: str, name: str) -> Outlook:
    state = turn.instance.steps.get(path)
    if state is None:
        send_step(turn, path, turn.compiled.steps[name])
        return Outlook.WAITING
    if state.status is StepStatus.DONE or state.status is StepStatus.SKIPPED:
        return Outlook.DONE
    if state.status in OPEN:
        return Outlook.WAITING
    turn.why = turn.why or f"step {path} is {state.status.lower().replace('_', ' ')}"
    return Outlook.FAILED


def _pivot(turn: Turn, node: Pivot) -> Outlook:
    if node.step not in turn.instance.steps and any_open(turn):
        return Outlook.WAITING
    return _step(turn, node.step, node.step)


def _seq(turn: Turn, node: Seq) -> Outlook:
    for member in node.members:
        outlook = _FORWARD[type(member)](turn, member)
        if outlook is not Outlook.DONE:
            return outlook
    return Outlook.DONE


def _parallel(turn: Turn, node: Parallel) -> Outlook:
    if node.join is Join.ANY:
        return _any(turn, node)
    for member in node.members:
        if _glance(turn, member) is Outlook.FAILED:
            # It failed while the saga was parked: none of the others begins anything more, only to be undone.
            return forward(turn, member)
    outlooks = [forward(turn, member) for member in node.members]
    if Outlook.FAILED in outlooks:
        return Outlook.FAILED
    return Outlook.WAITING if Outlook.WAITING in outlooks else Outlook.DONE


def _any(turn: Turn, node: Parallel) -> Outlook:
    """Once a member is done, the others begin nothing more; a lost member that may have had an effect fails it."""
    known = [_glance(turn, member) for member in node.members]
    if any(_lost(turn, member) for member in node.members):
        return Outlook.FAILED
    if Outlook.DONE in known:
        turn.why = ""
        return Outlook.DONE
    outlooks = [forward(turn, member) for member in node.members]
    if Outlook.DONE in outlooks:
        turn.why = ""
        return Outlook.DONE
    if Outlook.WAITING in outlooks:
        turn.why = ""
        return Outlook.WAITING
    return Outlook.FAILED


def _lost(turn: Turn, member: Node) -> bool:
    for name in steps_in(member):
        state = turn.instance.steps.get(name)
        if state is None or state.status is not StepStatus.IN_DOUBT:
            continue
        if turn.compiled.steps[name].kind is not Kind.READ_ONLY:
            turn.why = turn.why or f"step {name} is in doubt"
            return True
    return False


def _glance(turn: Turn, node: Node) -> Outlook:
    """How a member stands, without beginning anything: members of such a group are steps or sequences of them."""
    for name in steps_in(node):
        state = turn.instance.steps.get(name)
        if state is None or state.status in OPEN:
            return Outlook.WAITING
        if state.status not in (StepStatus.DONE, StepStatus.SKIPPED):
            return Outlook.FAILED
    return Outlook.DONE


def _for_each(turn: Turn, node: ForEach) -> Outlook:
    spec = turn.compiled.steps[node.body]
    if node.body not in turn.instance.groups and not _list_items(turn, node):
        return Outlook.FAILED
    group = turn.instance.groups[node.body]
    if group.collected:
        return Outlook.DONE
    steps = turn.instance.steps
    in_flight, failed, first_new = 0, False, group.total
    for index in range(group.settled, group.total):
        state = steps.get(item_path(node.body, index))
        if state is None:
            first_new = index
            break
        in_flight += state.status in OPEN
        failed = failed or state.status in (StepStatus.REJECTED, StepStatus.IN_DOUBT)
    if failed:
        turn.why = turn.why or f"an item of {node.body} failed"
        return Outlook.FAILED
    for index in range(first_new, min(group.total, first_new + node.max_in_flight - in_flight)):
        send_step(turn, item_path(node.body, index), spec)
        in_flight += 1
    if in_flight:
        return Outlook.WAITING
    if node.collect is not None:
        _collect(turn, node, node.collect)
    return Outlook.DONE


def _list_items(turn: Turn, node: ForEach) -> bool:
    """Asks for the items and records them; False where there are more than the bound."""
    name, spec = node.body, turn.compiled.steps[node.body]
    label = f"the items of {name}"
    items = call(name, label, node.items, turn.data(name))
    if not isinstance(items, list | tuple):
        raise SagaFault(name, f"{label} are {type(items).__name__}: return a list or a tuple")
    assert node.max_items is not None
    if len(items) > node.max_items:
        turn.why = f"for_each over {name} has {len(items)} items; its bound is {node.max_items}"
        if turn.instance.pivoted:
            raise SagaFault(name, turn.why)
        return False
    recorded = call(name, f"writing {label}", _recorded, spec.item, items)
    for item in recorded:
        item_of(spec, item)
    turn.record(EventKind.ITEMS_LISTED, name, body={"items": recorded})
    return True


def _recorded(item: TypeAdapter[Any] | None, items: Sequence[Any]) -> Any:
    """The items as JSON values."""
    return values.kept(items) if item is None else [values.loads(item.dump_json(one)) for one in items]


def _collect(turn: Turn, node: ForEach, field: str) -> None:
    name, group = node.body, turn.instance.groups[node.body]
    found = []
    for index in range(group.total):
        state = turn.instance.steps[item_path(name, index)]
        found.append(values.loads(state.result) if state.result else None)
    data = values.loads(turn.instance.data)
    data[field] = found
    reader = turn.compiled.data.__pydantic_validator__.validate_json
    label = f"collecting the replies of {name} into {field}"
    collected = turn.changed(name, label, call(name, label, reader, values.dumps(data)))
    turn.record(EventKind.RESULTS_COLLECTED, name, data=collected)


def _when(turn: Turn, node: When) -> Outlook:
    choice = turn.instance.choices.get(node.name)
    if choice is None:
        choice = call(node.name, f"the predicate of {node.name}", node.predicate, turn.data(node.name))
        if not isinstance(choice, bool):
            raise SagaFault(node.name, f"the predicate of {node.name} returned {choice!r}: return True or False")
        turn.record(EventKind.BRANCH_CHOSEN, node.name, body={"choice": choice})
    branch = node.then if choice else node.otherwise
    return Outlook.DONE if branch is None else forward(turn, branch)


def _wait(turn: Turn, node: WaitSignal) -> Outlook:
    state = turn.instance.signals.get(node.name)
    if state is None:
        due = {} if node.timeout_ms is None else {"due_ms": turn.now_ms + node.timeout_ms}
        turn.record(EventKind.SIGNAL_AWAITED, node.name, body=due)
        return Outlook.WAITING
    status = _take(turn, node, state) if state.status is SignalStatus.RECEIVED else state.status
    if status is SignalStatus.AWAITED:
        return Outlook.WAITING
    if status is SignalStatus.TAKEN or (status is SignalStatus.TIMED_OUT and node.on_timeout is OnTimeout.CONTINUE):
        return Outlook.DONE
    said = "was declined" if status is SignalStatus.DECLINED else "did not come in time"
    turn.why = turn.why or f"signal {node.name} {said}"
    return Outlook.FAILED


def _take(turn: Turn, node: WaitSignal, state: SignalState) -> SignalStatus:
    reader, name = node.message.__pydantic_validator__.validate_json, node.name
    message = call(name, f"reading the signal {name}", reader, state.message)
    if node.accept is not None and not call(name, f"accept of {name}", node.accept, turn.data(name), message):
        turn.record(EventKind.SIGNAL_DECLINED, name)
        return SignalStatus.DECLINED
    data = None
    if node.on_signal is not None:
        label = f"on_signal of {name}"
        data = turn.changed(name, label, call(name, label, node.on_signal, turn.data(name), message))
    turn.record(EventKind.SIGNAL_TAKEN, name, data=data)
    return SignalStatus.TAKEN


_FORWARD: dict[type, Callable[..., Outlook]] = {
    Run: _run,
    Pivot: _pivot,
    Seq: _seq,
    Parallel: _parallel,
    ForEach: _for_each,
    When: _when,
    WaitSignal: _wait,
}
