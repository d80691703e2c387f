"""`python -m sagas.testing.golden FOLDER` records the golden histories that a released version lacks.

The folder is `<where>/<saga>/v<version>` and holds a `recipe.json`. What is there already is never written again.
"""

import re
from pathlib import Path
from typing import Annotated

import typer

from sagas.catalogue import Catalogue, discover
from sagas.errors import DefinitionError, HistoryError
from sagas.testing.errors import Misused, Unexpected
from sagas.testing.goldens import RECIPE, SUFFIX, lives, write_golden
from sagas.testing.recipe import Recipe


class Refused(Exception):
    """Nothing was recorded; the message says why."""


def record(folder: Path, catalogue: Catalogue) -> list[Path]:
    """Writes the missing files and returns them. Raises Refused, HistoryError, OSError."""
    found = re.fullmatch(r"v(\d+)", folder.name)
    if found is None:
        raise Refused(f"{folder}: name it <saga>/v<version>, for example document-intake/v1")
    name, version = folder.parent.name, int(found[1])
    compiled = catalogue.find(name, version)
    if compiled is None or version == 0:
        raise Refused(catalogue.missing(name, version))
    missing = {
        folder / f"{scenario}{SUFFIX}": lines
        for scenario, lines in lives(compiled, Recipe.read(folder / RECIPE))
        if not (folder / f"{scenario}{SUFFIX}").exists()
    }
    if not missing:
        raise Refused(f"{folder} has all of its histories, and none is written again: a change needs a new version")
    for path, lines in missing.items():
        write_golden(path, lines)
    return list(missing)


def main(
    folder: Annotated[Path, typer.Argument(help="<where>/<saga>/v<version>, with its recipe.json.")],
) -> None:
    """Record the golden histories of a released saga that are not there yet."""
    try:
        made = record(folder, discover())
    except (Refused, HistoryError, DefinitionError, Unexpected, Misused, OSError) as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(2) from None
    for path in made:
        typer.echo(f"recorded {path}")


if __name__ == "__main__":
    typer.run(main)
