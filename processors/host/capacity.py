"""How many records fit in memory together: learnt from what did not, and doubted after a while.

A batch that does not fit is halved. Only if both halves then fit was its size the reason, and the size of a half
becomes the limit; if one does not, a single large record may be, and nothing is learnt from it.
"""

PROBATION_GROUPS = 1_000


class Capacity:
    """The limit on a group's records, None while none is known. Pure."""

    def __init__(self, probation: int = PROBATION_GROUPS) -> None:
        self.limit: int | None = None
        self._families: dict[int, tuple[int, int]] = {}
        self._next_family = 0
        self._probation = probation
        self._full_groups = 0

    def exceeded(self, size: int) -> int:
        """A group of `size` did not fit. Returns the family that its two halves belong to."""
        self._next_family += 1
        self._families[self._next_family] = (size, 0)
        self._full_groups = 0
        return self._next_family

    def spoilt(self, family: int | None) -> None:
        """A half did not complete, so its family teaches nothing."""
        if family is not None:
            self._families.pop(family, None)

    def completed(self, size: int, family: int | None) -> None:
        """A group of `size` fitted."""
        if family in self._families:
            self._half_fitted(family)
        elif self.limit is not None and size >= self.limit:
            self._fitted_at_limit(self.limit)

    def _half_fitted(self, family: int) -> None:
        size, fitted = self._families[family]
        if fitted == 0:
            self._families[family] = (size, 1)
            return
        del self._families[family]
        half = size - size // 2
        if self.limit is not None and half < self.limit:
            self._probation *= 2
        self.limit = half if self.limit is None else min(self.limit, half)
        self._full_groups = 0

    def _fitted_at_limit(self, limit: int) -> None:
        self._full_groups += 1
        if self._full_groups >= self._probation:
            self.limit = limit * 2
            self._full_groups = 0
