"""Real English sentences, from the documentation strings of Python's own library. Reads source, imports none of it."""

import ast
import random
import re
import sysconfig
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

LIBRARY = Path(sysconfig.get_paths()["stdlib"])
NOT_PROSE = frozenset(
    {"test", "tests", "idlelib", "lib2to3", "site-packages", "dist-packages", "pydoc_data", "turtledemo"}
)
PARAGRAPH = re.compile(r"\n\s*\n")
END = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
SENTENCE = re.compile(r"[A-Z][^|{}<>=*`_\[\]\\]{28,238}[a-z)]\.")
LEAST_WORDS = 5
ORDER = 20261121


def sentences(count: int, library: Path = LIBRARY) -> list[str]:
    """`count` different sentences, or all where there are fewer; the same ones in the same order each time.

    Takes some milliseconds for each of the modules read.
    """
    found = list(islice(unique(of_library(library)), count))
    random.Random(ORDER).shuffle(found)
    return found


def of_library(library: Path) -> Iterator[str]:
    """The sentences of every module, in the order of their paths, packages first: they have the most prose."""
    for path in sorted(library.rglob("*.py"), key=lambda path: (path.parent == library, path)):
        if NOT_PROSE.isdisjoint(path.relative_to(library).parts):
            yield from of_source(path.read_text(encoding="utf-8", errors="replace"))


def of_source(source: str) -> Iterator[str]:
    """The sentences of one module's documentation strings; none for what is no Python."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield from of_text(ast.get_docstring(node) or "")


def of_text(text: str) -> Iterator[str]:
    """What is a plain sentence in a text: no code, no tables, no fragments."""
    for paragraph in PARAGRAPH.split(text):
        if ">>>" in paragraph or "::" in paragraph:
            continue
        for sentence in END.split(" ".join(paragraph.split())):
            if SENTENCE.fullmatch(sentence) and len(sentence.split()) >= LEAST_WORDS:
                yield sentence


def unique(found: Iterable[str]) -> Iterator[str]:
    """Each sentence where it comes first."""
    seen: set[str] = set()
    for sentence in found:
        if sentence not in seen:
            seen.add(sentence)
            yield sentence
