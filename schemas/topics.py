"""Names of topics: the defaults, and what Kafka allows."""

import re

DEAD_LETTERS = "sluicegate.dead-letters"
SAGAS = "sagas"
"""The lane of sagas: what comes in are commands and replies, what goes out are answers and endings."""
_INBOX, _OUTCOMES = "sluicegate.sagas.inbox", "sluicegate.sagas.outcomes"
_LEGAL = re.compile(r"[a-zA-Z0-9._-]{1,249}")


def requests_topic(processor: str) -> str:
    """Where a lane's requests come in, unless it is bound to another topic."""
    return _INBOX if processor == SAGAS else f"sluicegate.{processor}.requests"


def results_topic(processor: str) -> str:
    """Where a lane's outcomes go, unless it is bound to another topic."""
    return _OUTCOMES if processor == SAGAS else f"sluicegate.{processor}.results"


def tenant_requests_topic(tenant: str, lane: str) -> str:
    """Where the requests of one tenant come in."""
    return f"{tenant}.{lane}.requests"


def tenant_results_topic(tenant: str, lane: str) -> str:
    """Where the outcomes of one tenant's requests go."""
    return f"{tenant}.{lane}.results"


def dead_letters_topic(tenant: str) -> str:
    """Where the records of one tenant that could not be read go."""
    return f"{tenant}.dead-letters"


def name_problem(topic: str) -> str | None:
    """What Kafka would refuse about a topic's name, or None for a legal one."""
    if _LEGAL.fullmatch(topic) is not None and topic not in (".", ".."):
        return None
    return f"{topic[:80]!r} is no legal topic name: use 1 to 249 letters, digits, '.', '_' and '-' (not '.' or '..')"
