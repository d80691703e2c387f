"""Names of topics: the defaults, and what Kafka allows."""

import re

DEAD_LETTERS = "sluicegate.dead-letters"
_LEGAL = re.compile(r"[a-zA-Z0-9._-]{1,249}")


def requests_topic(processor: str) -> str:
    """Where a processor's requests come in, unless its lane is bound to another topic."""
    return f"sluicegate.{processor}.requests"


def results_topic(processor: str) -> str:
    """Where a processor's outcomes go, unless its lane is bound to another topic."""
    return f"sluicegate.{processor}.results"


def name_problem(topic: str) -> str | None:
    """What Kafka would refuse about a topic's name, or None for a legal one."""
    if _LEGAL.fullmatch(topic) is not None and topic not in (".", ".."):
        return None
    return f"{topic[:80]!r} is no legal topic name: use 1 to 249 letters, digits, '.', '_' and '-' (not '.' or '..')"
