"""Writes the figures of bench/results into docs/performance.md, between its markers.

`python -m bench.report` after `make bench` and `python -m bench.hot_path --write`.
"""

import json
from typing import Any

from bench import RESULTS
from bench.programs import ROOT
from streams.proof.marked import written

PAGE = ROOT / "docs" / "performance.md"
SECTIONS = {"figures": "spine.json", "sagas": "sagas.json", "hot path": "hot_path.json"}


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


def main() -> None:
    """Writes the sections whose figures are there."""
    page = PAGE.read_text()
    for section, name in SECTIONS.items():
        if (RESULTS / name).is_file():
            page = written(page, section, table(json.loads((RESULTS / name).read_text())))
    PAGE.write_text(page)


if __name__ == "__main__":
    main()
