import pytest

from streams.cli import supervise
from streams.cli.errors import UserMistake
from streams.cli.lanes import named
from streams.cli.supervise import verdict
from streams.settings import Settings


def test_lanes_are_named_with_commas_or_by_repeating_the_option() -> None:
    assert named(["digits, echo", "embed", "echo"]) == ("digits", "echo", "embed")
    assert named(None) == ()


@pytest.mark.parametrize(("only", "message"), [(["foo"], "no such lane; there are digits, echo"), ([","], "no lane")])
def test_an_unknown_lane_is_told_with_those_that_exist(only: list[str], message: str) -> None:
    with pytest.raises(UserMistake, match=message):
        named(only)


@pytest.mark.parametrize(("option", "setting", "given"), [(None, 0, None), (None, 8_088, 8_088), (9_000, 8_088, 9_000)])
def test_supervised_workers_share_no_web_port(
    option: int | None, setting: int, given: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings.model_validate({"worker": {"web_port": setting}})
    asked: list[int | None] = []

    class Recorded(Exception):
        """Nothing is started."""

    def record(_workers: int, *, web_port: int | None, **_: object) -> None:
        asked.append(web_port)
        raise Recorded

    monkeypatch.setattr(supervise, "load", lambda: settings)
    monkeypatch.setattr(supervise, "configure", lambda _: None)
    monkeypatch.setattr(supervise, "Supervisor", record)
    with pytest.raises(Recorded):
        supervise.command(workers=2, web_port=option)
    assert asked == [given]


def test_the_supervisors_exit_code_tells_of_its_workers() -> None:
    assert verdict({0: 0, 1: 0}, asked=True) == 0
    assert verdict({0: 0, 1: None}, asked=True) == 0
    assert verdict({0: 0, 1: -9}, asked=True) == 1
    assert verdict({0: 75, 1: 0}, asked=False) == 75
    assert verdict({0: -9}, asked=False) == 1
