import pytest

from streams.exit_codes import ExitCode, describe, is_final
from streams.restarts import History, RestartPolicy, after_death

POLICY = RestartPolicy(quick_seconds=5, forgiven=3, first_pause=0.5, longest_pause=4)


def deaths(number: int, lived: float = 0.1) -> list[float | None]:
    history, pauses = History(), []
    for _ in range(number):
        pause, history = after_death(POLICY, history, -9, lived)
        pauses.append(pause)
    return pauses


def test_a_dead_worker_comes_back_at_once() -> None:
    assert after_death(POLICY, History(), -9, 60.0) == (0.0, History())
    assert after_death(POLICY, History(), ExitCode.FAILED, 0.1)[0] == 0.0


def test_only_several_quick_deaths_in_a_row_are_answered_with_pauses_that_grow_to_a_bound() -> None:
    assert deaths(8) == [0.0, 0.0, 0.0, 0.5, 1.0, 2.0, 4.0, 4.0]


def test_a_long_life_ends_a_crash_loop() -> None:
    _, looping = after_death(POLICY, History(quick_deaths=9), -9, 0.1)
    assert looping.quick_deaths == 10
    assert after_death(POLICY, looping, -9, 5.0) == (0.0, History())


def test_kills_on_purpose_are_no_crash_loop() -> None:
    history = History()
    for _ in range(20):
        pause, history = after_death(POLICY, history, -9, 0.1, on_purpose=True)
        assert pause == 0.0


@pytest.mark.parametrize("code", [ExitCode.OK, ExitCode.USAGE, ExitCode.SLOT_TAKEN, ExitCode.FENCED])
def test_who_ended_for_good_is_not_started_again(code: ExitCode) -> None:
    assert is_final(code)
    assert after_death(POLICY, History(), code, 0.1)[0] is None


def test_an_end_is_told_in_words() -> None:
    assert describe(-9) == "signal 9"
    assert describe(75) == "exit code 75 (FENCED)"
    assert describe(77) == "exit code 77"
