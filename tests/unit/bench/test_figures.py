"""How the benchmarks make a figure of what they measured."""

import json
from pathlib import Path

import pytest

from bench.measures.guarantees import HIGHEST, highest, rate_of
from bench.pairs import Ratio, take_turns
from bench.progress import Growth
from streams.proof.rows import Figures, at_least, at_most, reported


@pytest.mark.parametrize("edge", [-1, 0, 1, 7, 39, 40, 41, 79, HIGHEST])
@pytest.mark.parametrize(("start", "stride"), [(40, 16), (40, 4), (0, 4), (HIGHEST, 1)])
def test_the_edge_of_a_ladder_is_found_and_no_step_is_asked_twice(edge: int, start: int, stride: int) -> None:
    asked: list[int] = []

    def holds(step: int) -> bool:
        asked.append(step)
        return step <= edge

    assert highest(holds, start, stride) == edge
    assert len(asked) == len(set(asked))
    assert all(0 <= step <= HIGHEST for step in asked)


def test_below_the_ladder_there_is_no_rate() -> None:
    assert rate_of(-1) == 0
    assert rate_of(1) > rate_of(0) > 0


def test_a_ratio_is_the_median_of_the_pairs() -> None:
    ratio = Ratio((10.0, 30.0, 8.0), (10.0, 10.0, 10.0))
    assert ratio.value == 1.0
    assert ratio.spread == "0.80 to 3.00 in 3 pairs"


def test_contestants_take_turns_back_and_forth() -> None:
    order: list[str] = []

    def one(name: str) -> float:
        order.append(name)
        return float(len(order))

    found = take_turns({"a": lambda: one("a"), "b": lambda: one("b")}, 3)
    assert order == ["a", "b", "b", "a", "a", "b"]
    assert found == {"a": (1.0, 4.0, 5.0), "b": (2.0, 3.0, 6.0)}


def test_a_rate_leaves_start_and_markers_out() -> None:
    growth = Growth([(0.0, 0), (60.0, 0), (61.0, 505), (62.0, 1_010)])
    assert growth.rate(1_000) == pytest.approx(500)


def test_a_row_holds_or_not() -> None:
    assert at_least("a", 0.6, "x", 0.6).holds
    assert not at_least("a", 0.59, "x", 0.6).holds
    assert at_most("a", 0.6, "x", 0.6).holds
    assert not at_most("a", 0.61, "x", 0.6).holds
    assert reported("a", 1.0, "x").holds


def test_a_run_of_some_measures_keeps_the_rows_of_the_others(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    first = Figures(path)
    first.take([reported("a", 1.0, "x"), at_least("b", 1.0, "x", 2.0)])
    first.write()
    second = Figures(path)
    second.take([at_least("b", 3.0, "x", 2.0)])
    second.write()
    rows = {row["name"]: row for row in json.loads(path.read_text())}
    assert rows["a"]["value"] == 1.0
    assert rows["b"] == {"name": "b", "value": 3.0, "unit": "x", "goal": ">= 2", "holds": True, "note": ""}
    assert (first.hold, second.hold) == (False, True)
