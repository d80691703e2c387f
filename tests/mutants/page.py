"""The list of guards in docs/reliability.md, between two markers."""

from collections.abc import Sequence
from pathlib import Path

from tests.mutants.guard import Guard

PAGE = Path("docs") / "reliability.md"
BEGIN, END = "<!-- guards: begin, written by `make mutants` -->", "<!-- guards: end -->"


def table(guards: Sequence[Guard]) -> str:
    """The list in Markdown."""
    rows = ["| guard | named in | test that turns red without it |", "|---|---|---|"]
    for guard in guards:
        page = guard.page.removeprefix("docs/")
        target = page if guard.page.startswith("docs/") else f"../{guard.page}"
        rows.append(f"| {guard.name} | [{page}]({target}) | `{guard.test}` |")
    return "\n".join(rows)


def written(text: str, guards: Sequence[Guard]) -> str:
    """The page with the list as it is now; raises ValueError where the markers are not there."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{PAGE} has no markers: {BEGIN} and {END}")
    return f"{before}{begin}\n\n{table(guards)}\n\n{end}{after}"
