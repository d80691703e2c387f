"""Writes the figures of bench/results into docs/performance.md, between its markers.

`python -m bench.report` after `make bench` and `python -m bench.hot_path --write`.
"""

import json
from typing import Any

from bench import RESULTS
from bench.programs import ROOT

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


def written(page: str, section: str, rows: list[dict[str, Any]]) -> str:
    """The page with the figures of a section in it. Raises ValueError when its markers are not there."""
    begin, end = f"<!-- {section} -->", f"<!-- end of {section} -->"
    head, opened, rest = page.partition(begin)
    _, closed, tail = rest.partition(end)
    if not opened or not closed:
        raise ValueError(f"the page has no {begin} and {end}")
    return f"{head}{begin}\n{table(rows)}\n{end}{tail}"


def main() -> None:
    """Writes the sections whose figures are there."""
    page = PAGE.read_text()
    for section, name in SECTIONS.items():
        if (RESULTS / name).is_file():
            page = written(page, section, json.loads((RESULTS / name).read_text()))
    PAGE.write_text(page)


if __name__ == "__main__":
    main()
