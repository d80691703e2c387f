"""`python -m bench.crash_peers`: kill -9 for this project and its peers, into bench/results/crash_peers.json.

`--only kafka-streams,quix` tries some of them, `--quick` once each, without writing; `--report` writes the figures into
docs/reliability.md and runs nothing.
"""

import json
import sys
from collections.abc import Mapping
from typing import Any

from bench import RESULTS
from bench.measures.crashes import CONTESTANTS, measure
from bench.programs import ROOT
from bench.runs import Measures, run
from streams.proof.marked import written

NAMES = ("ours", "kafka-streams", "quix", "faust")
FILE, PAGE, SECTION = "crash_peers.json", ROOT / "docs" / "reliability.md", "peers"
MEASURES: Measures = {name: measure(one) for name, one in zip(NAMES, CONTESTANTS, strict=True)}
CASES = ("restarted", "never back")
FIGURES = ("duplicates", "missing", "longest stall")


def table(rows: list[Mapping[str, Any]]) -> str:
    """Side by side, as Markdown."""
    found = {row["name"]: row["value"] for row in rows}
    heads = [f"{case}: {figure}" for case in CASES for figure in FIGURES]
    lines = [f"| | {' | '.join(heads)} |", f"|---|{'---:|' * len(heads)}"]
    for contestant in CONTESTANTS:
        cells = [cell(found.get(f"{contestant.name}, {head}"), head) for head in heads]
        lines.append(f"| {contestant.name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def cell(value: float | None, head: str) -> str:
    """A figure for people."""
    if value is None:
        return "not run yet"
    return f"{value:.2f} s" if head.endswith("stall") else f"{value:,.0f}"


def kept() -> list[Mapping[str, Any]]:
    """The rows of the last run."""
    path = RESULTS / FILE
    rows: list[Mapping[str, Any]] = json.loads(path.read_text()) if path.is_file() else []
    return rows


if __name__ == "__main__":
    if sys.argv[1:] == ["--report"]:
        PAGE.write_text(written(PAGE.read_text(), SECTION, table(kept())))
        sys.exit(0)
    sys.exit(run("bench.crash_peers", __doc__ or "", MEASURES, FILE))
