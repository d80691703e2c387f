"""Lives that a saga of any definition may have: what golden histories are recorded of."""

from collections.abc import Callable, Iterator

from sagas.compiled import Compiled
from sagas.effects import Send
from sagas.instance import Direction, Status
from sagas.paths import split_path
from sagas.policy import Kind
from sagas.testing.acting import answer, go_on, go_to
from sagas.testing.errors import Unexpected
from sagas.testing.harness import SagaHarness
from sagas.testing.recipe import Recipe

Scenario = Callable[[SagaHarness, Recipe], None]


def scenarios(compiled: Compiled) -> dict[str, Scenario]:
    """By name; each begins with a saga that was started."""
    return {"completed": go_on, "cancelled": cancelled, **dict(_of_steps(compiled)), **dict(_of_signals(compiled))}


def cancelled(harness: SagaHarness, recipe: Recipe) -> None:
    """Somebody changes their mind at once; what is under way is answered all the same."""
    harness.cancel("changed my mind", "ada")
    go_on(harness, recipe)


def _of_steps(compiled: Compiled) -> Iterator[tuple[str, Scenario]]:
    for name, spec in compiled.steps.items():
        if spec.request.rejects:
            yield f"{name}-rejected", _rejected(name, min(spec.request.rejects))
        if spec.request.timeout.answer_ms is not None:
            yield f"{name}-unanswered", _unanswered(name)
        if spec.kind is Kind.RETRIABLE:
            yield f"{name}-stalled", _stalled(name)
        if spec.undo is not None:
            yield f"undo-of-{name}-stalled", _undo_stalled(name)


def _of_signals(compiled: Compiled) -> Iterator[tuple[str, Scenario]]:
    for name, node in compiled.signals.items():
        if node.timeout_ms is not None:
            yield f"{name}-timed-out", _unheard


def _unheard(harness: SagaHarness, recipe: Recipe) -> None:
    go_on(harness, recipe.model_copy(update={"signals": {}}))


def _rejected(step: str, code: str) -> Scenario:
    def scenario(harness: SagaHarness, recipe: Recipe) -> None:
        send = _reached(harness, recipe, step)
        harness.reject(code, step=send.step)
        go_on(harness, recipe)

    return scenario


def _unanswered(step: str) -> Scenario:
    """Nobody answers until the saga gives up: it undoes, or an operator says that the step is done."""

    def scenario(harness: SagaHarness, recipe: Recipe) -> None:
        go_on(harness, recipe, lambda send: split_path(send.step)[0] != step or send.direction is Direction.BACKWARD)
        if harness.saga is not None and harness.saga.status is Status.NEEDS_ATTENTION:
            harness.resume("ada", "the participant is back")
            go_on(harness, recipe)

    return scenario


def _stalled(step: str) -> Scenario:
    def scenario(harness: SagaHarness, recipe: Recipe) -> None:
        _fail_until_parked(harness, recipe, step, Direction.FORWARD)

    return scenario


def _undo_stalled(step: str) -> Scenario:
    def scenario(harness: SagaHarness, recipe: Recipe) -> None:
        send = _reached(harness, recipe, step)
        harness.cancel("changed my mind", "ada")
        answer(harness, recipe, send)
        _fail_until_parked(harness, recipe, step, Direction.BACKWARD)

    return scenario


def _fail_until_parked(harness: SagaHarness, recipe: Recipe, step: str, direction: Direction) -> None:
    """It fails until the saga is parked, and is done once an operator has it resumed."""
    while (send := go_to(harness, recipe, step, direction)) is not None:
        harness.fail("PROCESSOR_FAILED", "out of order", step=send.step)
    harness.expect_attention()
    harness.resume("ada", "it was repaired")
    go_on(harness, recipe)


def _reached(harness: SagaHarness, recipe: Recipe, step: str) -> Send:
    send = go_to(harness, recipe, step)
    if send is None:
        raise Unexpected(f"{step} is never asked for with this recipe: {harness.told()}")
    return send
