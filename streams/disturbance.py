"""Notices that a producer lost a connection that was in use, by librdkafka's own log.

No callback tells: librdkafka raises an error event for a connection that could not be made, but one that is lost with a
request under way is only a line of its log, at level info, and the request is silently sent again over the next one.
Identical lines within 30 seconds are left out, so the first one of a producer must not be forgotten.
"""

import logging
from typing import Any

import structlog

NEEDED: dict[str, Any] = {"log.connection.close": True, "log_level": 6}
"""What a producer's properties must say for its lost connections to be told."""

log = structlog.get_logger(__name__)


class Disturbance:
    """The `logger` of one producer; `seen` stays true once a connection in use was lost. `poll` makes it see."""

    def __init__(self) -> None:
        self.seen = False

    def log(self, level: int, pattern: str, facility: str, client: str, text: str) -> None:
        """The client's call for each line of its log."""
        # A request can only be on its way over a connection that is up: those that can't be made do not count.
        if facility == "FAIL" and "in state UP" in text:
            self.seen = True
        if level >= logging.WARNING:
            log.warning("librdkafka", client=client, facility=facility, said=text)
        else:
            log.debug("librdkafka", client=client, facility=facility, said=text)
