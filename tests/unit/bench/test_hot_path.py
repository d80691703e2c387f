"""The programs that measure a worker's own code work."""

from bench.hot_path import BATCHES_A_TRANSACTION, CHUNK, measure
from bench.saga_transition import transitions


def test_every_stage_of_a_records_way_takes_time() -> None:
    found = measure(BATCHES_A_TRANSACTION * CHUNK + 1)
    assert len(found) == 2
    assert set(found[0]) == {"admit", "gather", "process", "produce", "learn"}
    assert all(microseconds > 0 for stages in found for microseconds in stages.values())


def test_a_saga_of_three_steps_has_four_transitions() -> None:
    assert len(transitions(5)) == 20
