"""Logs: structlog, for people on a terminal, as JSON for machines; everybody else's lines go the same way.

One line for a transaction at debug, none for a record.
"""

import logging
import sys
from typing import TextIO

import structlog
import structlog.tracebacks
from structlog.typing import Processor

from streams.settings import LogSettings

QUIET = ("mode", "faust", "aiohttp", "httpx", "httpx2", "httpcore", "httpcore2", "asyncio", "urllib3")
"""Libraries that tell at info what only their own developers want to know."""


# By default both forms of a traceback show every local variable, and some of ours hold passwords.
TRACEBACKS = structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False))


def configure(settings: LogSettings, stream: TextIO | None = None) -> None:
    """Sends structlog's lines, the standard library's, Faust's and librdkafka's to `stream` (stderr).

    Calling it again replaces the configuration.
    """
    output = sys.stderr if stream is None else stream
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    level = getattr(logging, settings.level.upper())
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    route_standard_library(shared, rendering(settings, output), output, level)


def route_standard_library(shared: list[Processor], rendering: list[Processor], output: TextIO, level: int) -> None:
    """Makes one handler on the root logger render every line."""
    handler = logging.StreamHandler(output)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    if level > logging.DEBUG:
        handler.addFilter(is_no_service_chatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in QUIET:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(max(level, logging.WARNING) if level > logging.DEBUG else level)


def is_no_service_chatter(record: logging.LogRecord) -> bool:
    """Faust's services tell of each start and stop, in the names of modules that subclass them."""
    return record.levelno > logging.INFO or not str(record.msg).startswith("[^")


def rendering(settings: LogSettings, output: TextIO) -> list[Processor]:
    """The last processors: JSON with the traceback as data, or columns with colours on a terminal."""
    terminal = output.isatty()
    if settings.format == "json" or (settings.format == "auto" and not terminal):
        return [TRACEBACKS, structlog.processors.JSONRenderer(default=str)]
    return [structlog.dev.ConsoleRenderer(colors=terminal, exception_formatter=structlog.dev.plain_traceback)]


def librdkafka_logger() -> logging.Logger:
    """The logger to give a confluent_kafka client as its `logger`, so that its lines are routed too."""
    return logging.getLogger("librdkafka")
