from pathlib import Path

from streams.demo.sentences import of_source, of_text, sentences

SOURCE = '''
"""Reads and writes the tables of a library. It never blocks.

    >>> Some code that looks like a sentence, but is none of those.

The same sentence may stand here more than once. The same sentence may stand here more than once.
"""
def function():
    "Return what was asked for, or nothing at all."
'''


def test_sentences_are_those_of_documentation_strings() -> None:
    assert list(of_source(SOURCE)) == [
        "Reads and writes the tables of a library.",
        "The same sentence may stand here more than once.",
        "The same sentence may stand here more than once.",
        "Return what was asked for, or nothing at all.",
    ]


def test_what_is_no_python_has_no_sentences() -> None:
    assert list(of_source("def (")) == []


def test_code_and_fragments_are_no_sentences() -> None:
    assert list(of_text("Returns x=1 for each of the values.\n\nToo short.\n\nNo full stop at the end of it")) == []


def test_each_sentence_comes_once_and_in_the_same_order(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text(SOURCE)
    (tmp_path / "test").mkdir()
    (tmp_path / "test" / "other.py").write_text('"""This one is in a test and does not count here."""')
    first = sentences(10, tmp_path)
    assert len(first) == len(set(first)) == 3
    assert first == sentences(10, tmp_path)


def test_the_library_has_several_thousand() -> None:
    assert len(sentences(3_000)) == 3_000
