"""The option `--only`, which several commands share."""

from typing import Annotated

import typer

from streams.cli.errors import UserMistake

Only = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="LANE,...", help="These lanes only, separated by commas; may be repeated."),
]


def named(only: list[str] | None) -> tuple[str, ...]:
    """The lanes that the options name, in order, each once; none means all.

    UserMistake for an unknown name, among the settings' lanes too: what is set there would do nothing.
    """
    # Imported late: the catalogue is not needed for `--help`.
    from streams.lanes import catalogue
    from streams.settings import load

    names = dict.fromkeys(name.strip() for option in only or () for name in option.split(",") if name.strip())
    if only and not names:
        raise UserMistake("--only names no lane: write for example --only digits,embed")
    known = catalogue()
    for name in names:
        if name not in known:
            raise UserMistake(f"--only {name}: there is no such lane; there are {', '.join(known)}")
    for name in load().lanes:
        if name not in known:
            raise UserMistake(f"settings: lanes.{name}: there is no such lane; there are {', '.join(known)}")
    return tuple(names)
