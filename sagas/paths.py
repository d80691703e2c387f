"""Paths of steps: a step's name, or name[index] within a loop."""


def item_path(step: str, index: int) -> str:
    """The path of a loop's step for one item."""
    return f"{step}[{index}]"


def split_path(path: str) -> tuple[str, int | None]:
    """The step's name, and the index of its item. A path that is none gives a name that no step has."""
    if not path.endswith("]"):
        return path, None
    name, _, index = path[:-1].partition("[")
    if not index.isascii() or not index.isdigit() or (index != "0" and index.startswith("0")):
        return path, None
    return name, int(index)
