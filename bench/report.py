"""Writes the figures of bench/results/spine.json into docs/performance.md, between its markers.

`python -m bench.report` after `make bench`; `--check` only says whether the page is up to date.
"""

import json
import sys
from pathlib import Path
from typing import Any

from bench.programs import ROOT
from bench.rows import RESULTS

PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"


def table(rows: list[dict[str, Any]]) -> str:
    """The rows as Markdown."""
    lines = ["| figure | value | goal | |", "|---|---:|---:|---|"]
    for row in rows:
        value = f"{row['value']:,.0f}" if abs(row["value"]) >= 1_000 else f"{row['value']:g}"
        mark = ("holds" if row["holds"] else "**does not hold**") if row["goal"] else ""
        lines.append(
            f"| {row['name']} | {value} {row['unit']} | {row['goal']} | {' '.join((mark, row['note'])).strip()} |"
        )
    return "\n".join(lines)


def written(page: str, rows: list[dict[str, Any]]) -> str:
    """The page with the figures in it. Raises ValueError when its markers are not there."""
    head, begin, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no {BEGIN} and {END}")
    return f"{head}{BEGIN}\n{table(rows)}\n{END}{tail}"


def main(path: Path = PAGE) -> int:
    """Writes or checks; 1 when a check fails."""
    page = path.read_text()
    new = written(page, json.loads((RESULTS / "spine.json").read_text()))
    if "--check" in sys.argv[1:]:
        return int(new != page)
    path.write_text(new)
    return 0


if __name__ == "__main__":
    sys.exit(main())
