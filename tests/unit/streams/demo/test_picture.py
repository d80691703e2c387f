import io
from collections import Counter

from rich.console import Console

from streams.demo.figures import LaneFigures
from streams.demo.picture import Scene, draw, line, sizes, spark
from streams.demo.tally import Tally
from streams.demo.workers import Look


def test_bars_show_everything_above_nothing() -> None:
    assert spark([0, 1, 1_000]) == " ▁█"
    assert spark([0, 0]) == "  "
    assert spark([]) == ""


def test_sizes_have_their_bounds() -> None:
    assert sizes(LaneFigures(sizes=Counter({1.0: 0, 2.0: 1, 4.0: 0, 8.0: 3}))) == "2 ▃ █ 8"
    assert sizes(LaneFigures()) == ""


def test_the_picture_shows_lanes_workers_and_the_kill() -> None:
    tally = Tally({"digits": 4, "embed": 2}, begin=100.0)
    tally.answer("digits", "a", 0, 101.0)
    scene = Scene(tally, {"digits": LaneFigures(2, 6)}, {0: Look(4711, True), 1: Look()}, killed_at=101.5)
    output = io.StringIO()
    Console(file=output, width=140).print(draw(scene, 103.0))
    for words in ("1 of 4", "0 of 2", "3.0", "4711", "ready", "dead", "^ kill -9"):
        assert words in output.getvalue()
    assert line(scene, 103.0) == "digits 1 of 4 (0/s), embed 0 of 2 (0/s)"
