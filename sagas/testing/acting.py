"""What participants, people and time do to a saga when nothing goes wrong."""

from collections.abc import Callable

from sagas import values
from sagas.effects import Send
from sagas.instance import Direction, SignalStatus, Status
from sagas.paths import split_path
from sagas.testing.errors import Unexpected
from sagas.testing.harness import SagaHarness
from sagas.testing.recipe import Recipe

Choose = Callable[[Send], bool]
_PATIENCE = 5_000


def everything(send: Send) -> bool:
    """Every command is answered."""
    return True


def go_on(harness: SagaHarness, recipe: Recipe, answered: Choose = everything) -> None:
    """Until the saga ends or is parked; commands that are not to be answered wait for time to pass."""
    for _ in range(_PATIENCE):
        if not act(harness, recipe, answered):
            return
    raise Unexpected(f"it does not end: {harness.told()}")


def go_to(harness: SagaHarness, recipe: Recipe, step: str, direction: Direction = Direction.FORWARD) -> Send | None:
    """Until a command of this step is outstanding; None where it ends before that."""
    for _ in range(_PATIENCE):
        for send in harness.outstanding:
            if send.direction is direction and split_path(send.step)[0] == step:
                return send
        if not act(harness, recipe, everything):
            return None
    raise Unexpected(f"{step} is never asked for, and it does not end: {harness.told()}")


def act(harness: SagaHarness, recipe: Recipe, answered: Choose) -> bool:
    """One answer, one signal, or the time until the next timer; False where nothing more happens by itself."""
    saga = harness.saga
    if saga is None or saga.ended or saga.status is Status.NEEDS_ATTENTION:
        return False
    for send in harness.outstanding:
        if answered(send):
            answer(harness, recipe, send)
            return True
    for name, state in saga.signals.items():
        if state.status is SignalStatus.AWAITED and name in recipe.signals and saga.status is Status.RUNNING:
            harness.signal(name, values.dumps(recipe.signals[name]), actor="ada")
            return True
    if not saga.timers:
        raise Unexpected(f"nothing will ever happen: {harness.told()}")
    harness.advance(max(min(timer.due_ms for timer in saga.timers.values()) - harness.now_ms, 0))
    return True


def answer(harness: SagaHarness, recipe: Recipe, send: Send) -> None:
    """Says that a command was done."""
    fields = recipe.reply(split_path(send.step)[0]) if send.direction is Direction.FORWARD else {}
    harness.reply(fields, step=send.step)
