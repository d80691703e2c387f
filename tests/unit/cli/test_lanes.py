import pytest

from streams.cli.errors import UserMistake
from streams.cli.lanes import named
from streams.cli.supervise import verdict


def test_lanes_are_named_with_commas_or_by_repeating_the_option() -> None:
    assert named(["digits, echo", "embed", "echo"]) == ("digits", "echo", "embed")
    assert named(None) == ()


@pytest.mark.parametrize(("only", "message"), [(["foo"], "no such lane; there are digits, echo"), ([","], "no lane")])
def test_an_unknown_lane_is_told_with_those_that_exist(only: list[str], message: str) -> None:
    with pytest.raises(UserMistake, match=message):
        named(only)


def test_the_supervisors_exit_code_tells_of_its_workers() -> None:
    assert verdict({0: 0, 1: 0}, asked=True) == 0
    assert verdict({0: 0, 1: None}, asked=True) == 0
    assert verdict({0: 0, 1: -9}, asked=True) == 1
    assert verdict({0: 75, 1: 0}, asked=False) == 75
    assert verdict({0: -9}, asked=False) == 1
