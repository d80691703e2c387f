"""Python source under construction, for functions that are made for one schema."""

from typing import Any

MAX_LINES = 4_000


class Unsupported(Exception):
    """A schema that is left to fastavro."""


class SourceCode:
    """Lines of one function, and the constants that it refers to.

    Only generated names and `repr` of strings reach the source: a schema's own words can't become code.
    """

    def __init__(self) -> None:
        self.constants: dict[str, Any] = {}
        self._lines: list[str] = []
        self._indent = 1
        self._serial = 0

    def name(self, stem: str = "v") -> str:
        """A name that nothing else has."""
        self._serial += 1
        return f"{stem}{self._serial}"

    def constant(self, value: Any, stem: str = "C") -> str:
        """The name of a constant."""
        name = self.name(stem)
        self.constants[name] = value
        return name

    def line(self, text: str) -> None:
        """Adds a line at the current depth; raises Unsupported when the function grows beyond reason."""
        self._lines.append("    " * self._indent + text)
        if len(self._lines) > MAX_LINES:
            raise Unsupported

    def enter(self, text: str) -> None:
        """Adds a line that opens a block."""
        self.line(text)
        self._indent += 1

    def leave(self) -> None:
        """Closes the block."""
        self._indent -= 1

    def build(self, signature: str, file: str) -> Any:
        """The compiled function; raises Unsupported where Python's own limits are met."""
        text = f"def {signature}:\n" + "\n".join(self._lines) + "\n"
        scope = dict(self.constants)
        try:
            exec(compile(text, file, "exec"), scope)  # noqa: S102  # names are generated, words are quoted
        except (SyntaxError, RecursionError, MemoryError) as error:
            raise Unsupported from error
        return scope[signature.partition("(")[0]]
