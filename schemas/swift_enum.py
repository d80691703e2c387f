"""Enumerations for hot paths. Python 3.11 calls a function for each `Kind.MEMBER` and for each hash of a member.

Later Pythons have members as plain attributes; here they are made so.
"""

from enum import Enum
from typing import Any, TypeVar

KindT = TypeVar("KindT", bound=type[Enum])


def swift(kind: KindT) -> KindT:
    """The enumeration, whose members are attributes of the class like any other and hash as quickly as they compare."""
    hashed: Any = str.__hash__ if issubclass(kind, str) else object.__hash__
    type.__setattr__(kind, "__hash__", hashed)
    for name, member in kind.__members__.items():
        type.__setattr__(kind, name, member)
    return kind
