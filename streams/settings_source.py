"""Where settings come from: the file and the environment, and names there that would say nothing to anybody."""

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel
from pydantic_settings import BaseSettings, TomlConfigSettingsSource

from streams.mistake import UserMistake

FILE_VARIABLE = "SLUICEGATE_SETTINGS"
DEFAULT_FILE = "sluicegate.toml"
PREFIX = "SLUICEGATE_"


def file_source(settings: type[BaseSettings]) -> TomlConfigSettingsSource:
    """The settings file. One that was named must be there; `sluicegate.toml` need not.

    Raises UserMistake for a file that is missing or is no TOML.
    """
    named = os.environ.get(FILE_VARIABLE)
    path = Path(named or DEFAULT_FILE)
    if named and (path.is_dir() or not path.exists()):
        raise UserMistake(f"{FILE_VARIABLE} names {named}, where no file is: mend the path, or unset the variable")
    try:
        return TomlConfigSettingsSource(settings, toml_file=path)
    except tomllib.TOMLDecodeError as error:
        raise UserMistake(f"{path} is not TOML: {error}; docs/configuration.md shows how it is written") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserMistake(f"{path} can't be read: {error}") from None


def check_environment(settings: type[BaseSettings], environment: Mapping[str, str]) -> None:
    """Raises UserMistake for a variable that was meant as a setting and is none.

    That is a name with two underscores whose first part is no section, and the name of a setting that is written with
    one where two belong. All others pass: Kubernetes gives every container names of its own, such as
    SLUICEGATE_SERVICE_HOST for a service `sluicegate`, and tests have theirs.
    """
    flat = {name.replace("__", "_"): name for name in variables(settings)}
    for name in environment:
        upper = name.upper()
        if not upper.startswith(PREFIX):
            continue
        section, nested, _ = upper.removeprefix(PREFIX).partition("__")
        if nested and section.lower() not in settings.model_fields:
            there = ", ".join(settings.model_fields)
            raise UserMistake(f"{name}: there is no setting {section.lower()!r}; there are: {there}")
        if not nested and flat.get(upper, upper) != upper:
            raise UserMistake(f"{name} sets nothing: write {flat[upper]}, with two underscores between levels")


def variables(settings: type[BaseModel], prefix: str = PREFIX) -> Iterator[str]:
    """The variable of every setting, without those below a lane, which has a name of its own."""
    for name, field in settings.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from variables(kind, f"{prefix}{name.upper()}__")
        else:
            yield f"{prefix}{name.upper()}"
