"""How a command fails: one clear line on standard error, an exit code, no traceback for a mistake."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from pydantic import ValidationError

from streams.librdkafka import PROPERTY_CURE, is_property
from streams.mistake import UserMistake
from streams.redaction import shown

MISTAKE = 2
FAILED = 1

__all__ = ["FAILED", "MISTAKE", "UserMistake", "complain", "describe", "told"]


def complain(message: str, code: int = MISTAKE) -> NoReturn:
    """Print one line on standard error and end the process with this code."""
    sys.stderr.write(f"sluicegate: {message}\n")
    raise SystemExit(code)


def describe(error: ValidationError) -> str:
    """Every wrong setting in one line: where it is, what is wrong, what was given."""
    return "; ".join(
        f"{'.'.join(str(part) for part in one['loc']) or error.title}: {one['msg']}"
        f" (given: {shown(one['input'], one['loc'])})"
        for one in error.errors()
    )


@contextmanager
def told() -> Iterator[None]:
    """Turn the errors that a user can mend into one line and an exit code; all others show their traceback.

    Classes of heavy packages are looked up only if they are imported: a command that never imported
    confluent_kafka can't raise its errors, and needn't wait for its import.
    """
    try:
        yield
    except ValidationError as error:
        complain(f"wrong settings: {describe(error)}")
    except UserMistake as error:
        complain(str(error))
    except KeyboardInterrupt:
        complain("interrupted", 130)
    except BrokenPipeError:
        sys.stderr.close()
        raise SystemExit(FAILED) from None
    except Exception as error:
        line = known(error)
        if line is None:
            raise
        complain(line, FAILED)


def known(error: Exception) -> str | None:
    """The line for an error of ours or of a client library, or None for one that is a defect."""
    if is_ours(error):
        return str(error)
    if is_from("confluent_kafka", "KafkaException", error):
        return kafka_line(error)
    if is_from("pydantic_settings", "SettingsError", error):
        return f"wrong settings: {error}: {error.__cause__}; a list or a group of names is written as JSON"
    return None


def is_from(package: str, name: str, error: Exception) -> bool:
    """Whether the package is imported at all, and the error is of its class."""
    module = sys.modules.get(package)
    return module is not None and isinstance(error, getattr(module, name))


def is_ours(error: Exception) -> bool:
    """Whether it belongs to the tree of errors in schemas."""
    return is_from("schemas.errors", "SluicegateError", error)


def kafka_line(error: Exception) -> str:
    """What the cluster said, and the cure for the most common case: nobody answers."""
    detail = error.args[0] if error.args else error
    text = detail.str() if hasattr(detail, "str") else str(detail)
    name = detail.name() if hasattr(detail, "name") else ""
    if name in {"_TRANSPORT", "_ALL_BROKERS_DOWN", "_TIMED_OUT", "_RESOLVE"}:
        return (
            f"no Kafka answers ({text}): start one with `sluicegate up`, "
            "or set kafka.bootstrap_servers (SLUICEGATE_KAFKA__BOOTSTRAP_SERVERS)"
        )
    if is_property(text):
        return f"wrong settings: librdkafka refuses a property: {text}; {PROPERTY_CURE}"
    return f"Kafka refused ({name}): {text}"
