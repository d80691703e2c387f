"""Parts of a page that a command writes, between two markers."""


def written(page: str, section: str, text: str) -> str:
    """The page with this text in a section of its own. Raises ValueError when its markers are not there."""
    begin, end = f"<!-- {section} -->", f"<!-- end of {section} -->"
    head, opened, rest = page.partition(begin)
    _, closed, tail = rest.partition(end)
    if not opened or not closed:
        raise ValueError(f"the page has no {begin} and {end}")
    return f"{head}{begin}\n{text}\n{end}{tail}"
