"""Numbers that could not be meant."""

from collections.abc import Iterator
from typing import Any

from sagas.definition import Saga
from sagas.errors import DefinitionError
from sagas.flow import WaitSignal
from sagas.nodes import walk
from sagas.policy import LONGEST, Retry, Timeout


def retries(saga: Saga[Any, Any]) -> Iterator[DefinitionError]:
    """Of steps and of compensations."""
    for step in saga.steps:
        for what, asking in (("", step.asking), ("compensation's ", step.undo)):
            for fault in _of_retry(asking.retry) if asking is not None else ():
                yield DefinitionError(saga.name, step.name, f"its {what}retry: {fault[0]}", fault[1])


def timeouts(saga: Saga[Any, Any]) -> Iterator[DefinitionError]:
    """Of steps and of compensations."""
    for step in saga.steps:
        for what, asking in (("", step.asking), ("compensation's ", step.undo)):
            for fault in _of_timeout(asking.timeout) if asking is not None else ():
                yield DefinitionError(saga.name, step.name, f"its {what}timeout: {fault[0]}", fault[1])


def spans_of_the_saga(saga: Saga[Any, Any]) -> Iterator[DefinitionError]:
    """Its deadline, and how long it is kept."""
    if saga.deadline is not None and not _is_span(saga.deadline.ms):
        yield DefinitionError(saga.name, "", f"its deadline is {saga.deadline.ms} ms", _span_cure())
    if saga.retain_ms is not None and not (saga.retain_ms == 0 or _is_span(saga.retain_ms)):
        yield DefinitionError(
            saga.name, "", f"its retain_ms is {saga.retain_ms}", f"{_span_cure()}, 0, or None for ever"
        )


def spans_of_signals(saga: Saga[Any, Any]) -> Iterator[DefinitionError]:
    """How long a signal is waited for."""
    assert saga.flow is not None
    for node in walk(saga.flow):
        if isinstance(node, WaitSignal) and node.timeout_ms is not None and not _is_span(node.timeout_ms):
            yield DefinitionError(saga.name, node.name, f"its timeout_ms is {node.timeout_ms}", _span_cure())


def _of_retry(retry: Retry) -> Iterator[tuple[str, str]]:
    if retry.max_attempts is not None and retry.max_attempts < 1:
        yield f"max_attempts is {retry.max_attempts}", "allow at least one attempt"
    if retry.attention_after is not None and retry.attention_after < 1:
        yield f"attention_after is {retry.attention_after}", "allow at least one attempt"
    if retry.max_attempts is None and retry.attention_after is None:
        yield "it goes on for ever, and nobody hears of it", "set attention_after, or max_attempts"
    if not _is_span(retry.initial_ms) or not _is_span(retry.max_interval_ms):
        yield f"its intervals are {retry.initial_ms} and {retry.max_interval_ms} ms", _span_cure()
    elif retry.max_interval_ms < retry.initial_ms:
        yield f"max_interval_ms {retry.max_interval_ms} is less than initial_ms", f"set at least {retry.initial_ms}"
    if not 1 <= retry.factor <= 100:
        yield f"factor is {retry.factor}", "set 1 to 100"
    if not 0 <= retry.jitter <= 1:
        yield f"jitter is {retry.jitter}", "set a share, 0 to 1"


def _of_timeout(timeout: Timeout) -> Iterator[tuple[str, str]]:
    for name, span in (("queue_ms", timeout.queue_ms), ("run_ms", timeout.run_ms)):
        if span is not None and not _is_span(span):
            yield f"{name} is {span}", _span_cure()
    if timeout.run_ms is None and timeout.queue_ms is not None:
        yield "it has a queue_ms and no run_ms", "set both, or use Timeout.none()"


def _is_span(span: int) -> bool:
    return isinstance(span, int) and not isinstance(span, bool) and 1 <= span <= LONGEST


def _span_cure() -> str:
    return f"set whole milliseconds, 1 to {LONGEST}"


POLICIES = (retries, timeouts, spans_of_the_saga, spans_of_signals)
