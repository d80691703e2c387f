"""Delays: growing, bounded, and the same for the same attempt."""

from hypothesis import given
from hypothesis import strategies as st

from sagas.policy import Retry, Timeout


def test_delays_grow_up_to_a_bound() -> None:
    retry = Retry(initial_ms=100, factor=3.0, max_interval_ms=1_000, jitter=0.0)
    assert [retry.delay_ms("key", attempt) for attempt in (1, 2, 3, 4, 500)] == [100, 300, 900, 1_000, 1_000]


@given(st.text(max_size=40), st.integers(1, 10_000), st.floats(0, 1))
def test_jitter_shortens_by_its_share_and_follows_from_key_and_attempt(key: str, attempt: int, jitter: float) -> None:
    key = key.encode("utf-8", "replace").decode()
    retry = Retry(initial_ms=1_000, factor=1.0, max_interval_ms=1_000, jitter=jitter)
    delay = retry.delay_ms(key, attempt)
    assert delay == retry.delay_ms(key, attempt)
    assert 1_000 * (1 - jitter) - 1 <= delay <= 1_000


def test_an_answer_is_awaited_for_queue_and_run() -> None:
    assert Timeout(5, 7).answer_ms == 12
    assert Timeout(None, 7).answer_ms == 7
    assert Timeout.none().answer_ms is None
