"""Why a command to a saga is refused, besides the reasons that every lane has."""

from enum import StrEnum

from schemas.swift_enum import swift


@swift
class Refusal(StrEnum):
    """Codes of failed answers; clients may branch on them, so a name never changes its meaning."""

    SAGA_UNKNOWN = "SAGA_UNKNOWN"
    SAGA_NOT_FOUND = "SAGA_NOT_FOUND"
    SAGA_REFUSED = "SAGA_REFUSED"
    SAGA_TOO_LARGE = "SAGA_TOO_LARGE"
