"""What participants really did, for checkers that know it: effects in the world, and which of them are gone again."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Deeds:
    """By step path: how often its effect came about, and how often it was taken away again."""

    done: dict[str, int] = field(default_factory=dict)
    undone: dict[str, int] = field(default_factory=dict)

    def copy(self) -> "Deeds":
        """One that can be changed without changing this one."""
        return Deeds(self.done.copy(), self.undone.copy())

    def left(self, path: str) -> int:
        """How much of a step's effect there is now: 0 or 1, if all is well."""
        return self.done.get(path, 0) - self.undone.get(path, 0)
