"""Something that reads bytes, and what it may answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

Read = Callable[[bytes], object]


class Broke(Exception):
    """A target did what it must not do: raised an error of another kind, or gave an answer that is none."""

    def __init__(self, target: str, value: bytes, error: BaseException) -> None:
        super().__init__(f"{target}: {type(error).__name__}: {str(error)[:200]}, at {value[:200].hex()}")
        self.target, self.value, self.error = target, value, error


@dataclass(frozen=True, slots=True)
class Target:
    """`read` may raise errors of the kinds `documented`, and no others; `seeds` are what it was made to read."""

    name: str
    seeds: Sequence[bytes]
    read: Read
    documented: tuple[type[BaseException], ...] = ()

    def attempt(self, value: bytes) -> bool:
        """Whether the value was read; False for a documented error. Raises Broke."""
        try:
            self.read(value)
        except self.documented:
            return False
        except Exception as error:
            raise Broke(self.name, value, error) from error
        return True
