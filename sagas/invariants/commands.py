"""The commands that participants get."""

from sagas.compiled import Request
from sagas.events import EventKind
from sagas.instance import Direction
from sagas.invariants.broken import InvariantBroken, holds
from sagas.invariants.run import Run
from sagas.paths import split_path

_SENT = {EventKind.STEP_SENT: Direction.FORWARD, EventKind.UNDO_SENT: Direction.BACKWARD}


def one_key_per_step_and_direction(run: Run) -> None:
    """One idempotency key per (run, step, item, direction); never two commands with different keys for the same
    step/direction."""
    this = one_key_per_step_and_direction
    keys: dict[tuple[str, Direction], str] = {}
    for event in run.history:
        if event.kind in _SENT:
            place, key = (event.step, _SENT[event.kind]), str(event.body["key"])
            if keys.setdefault(place, key) != key:
                raise InvariantBroken(this, f"{', '.join(place)} was asked for as {keys[place]} and as {key}")
    holds(len(set(keys.values())) == len(keys), this, lambda: f"one key is used for several steps: {keys}")


def attempts_rise_within_policy(run: Run) -> None:
    """`attempt` strictly increasing; count ≤ policy; never two commands with the same (key, attempt)."""
    this, attempts = attempts_rise_within_policy, dict[tuple[str, Direction], int]()
    for event in run.history:
        if event.kind in _SENT:
            place = (event.step, _SENT[event.kind])
            if event.attempt != attempts.get(place, 0) + 1:
                found = f"{', '.join(place)}: attempt {event.attempt} follows {attempts.get(place, 0)}"
                raise InvariantBroken(this, found)
            attempts[place] = event.attempt
    for send in run.last.sends:
        request, asked = _request(run, send.step, send.direction), run.sent(send)
        if request is None or asked is None:
            continue
        for most in (request.retry.max_attempts, request.retry.attention_after):
            if most is not None and asked.budget > most:
                raise InvariantBroken(this, f"{send.step} is asked for {asked.budget} times; its policy allows {most}")


def commands_are_those_of_the_history(run: Run) -> None:
    """No command without a transition that says so, and every transition that should emit a command has it:
    commands == fold(history)."""
    last = run.last
    told = [
        (event.step, _SENT[event.kind], str(event.body["key"]), event.attempt)
        for event in last.events
        if event.kind in _SENT
    ]
    sent = [(send.step, send.direction, send.request_id, send.attempt) for send in last.sends]
    this = commands_are_those_of_the_history
    holds(told == sent, this, lambda: f"the history tells of {told}, and sent were {sent}")


def rejections_are_final(run: Run) -> None:
    """REJECTED says for good that nothing was done: such a step is never asked for again, but by an operator."""
    for send in run.last.sends:
        if send.request_id not in run.refused:
            continue
        asked = run.sent(send)
        if asked is None or asked.budget > 1:
            raise InvariantBroken(rejections_are_final, f"attempt {send.attempt} of {send.step} follows a rejection")


def _request(run: Run, path: str, direction: Direction) -> Request | None:
    compiled = run.compiled
    if compiled is None:
        return None
    spec = compiled.steps[split_path(path)[0]]
    return spec.request if direction is Direction.FORWARD else spec.undo


COMMANDS = (
    one_key_per_step_and_direction,
    attempts_rise_within_policy,
    commands_are_those_of_the_history,
    rejections_are_final,
)
