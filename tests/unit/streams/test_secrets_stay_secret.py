"""Secrets are in no error, no log, no representation: each of these was one where they could have been."""

import io
import json
from pathlib import Path

import pytest
import structlog
from pydantic import ValidationError

from schemas.registry import Registry
from streams.cli.errors import describe
from streams.observability.logging import configure
from streams.private_files import write_private
from streams.redaction import HIDDEN, hidden, is_secret, without_login
from streams.settings import KafkaSettings, LogSettings, RegistrySettings, Settings

SECRET = "hunter2"
LOGIN = {"sasl.username": "somebody", "sasl.password": SECRET}


def refused(**given: object) -> str:
    with pytest.raises(ValidationError) as caught:
        Settings(**given)  # type: ignore[arg-type] # wrong on purpose
    return describe(caught.value)


@pytest.mark.parametrize(
    "given",
    [
        {"kafka": {"properties": {**LOGIN, "group.id": "mine"}}},
        {"kafka": {"propertys": LOGIN}},
        {"registry": {"properties": {"basic.auth.user.info": f"somebody:{SECRET}"}, "url": 5}},
        {"registry": {"properties": {"basic.auth.user.info": [SECRET]}}},
        {"index": {"url": f"postgresql://somebody:{SECRET}@db/x", "busy_seconds": 0, "more": 1}},
        {"index": f"postgresql://somebody:{SECRET}@db/x"},
        {"lanes": {"echo": {"producer": {**LOGIN, "transactional.id": "x"}}}},
    ],
)
def test_an_error_about_settings_says_what_is_wrong_and_no_secret(given: dict[str, object]) -> None:
    text = refused(**given)
    assert SECRET not in text
    assert "given:" in text


def test_what_is_not_secret_is_shown() -> None:
    assert "'twelve'" in refused(topics={"partitions": "twelve"})


@pytest.mark.parametrize("name", ["sasl.password", "basic.auth.user.info", "sasl.jaas.config", "bearer.auth.token"])
def test_a_secret_is_known_by_its_name(name: str) -> None:
    assert is_secret(name)
    assert hidden({name: SECRET, "other": [1, {name: SECRET}]}) == {name: HIDDEN, "other": [1, {name: HIDDEN}]}


def test_an_address_loses_its_log_in_wherever_it_stands() -> None:
    assert (
        without_login(f"at https://me:{SECRET}@host/x, and http://y/z@z")
        == f"at https://{HIDDEN}@host/x, and http://y/z@z"
    )


def test_settings_shown_by_accident_show_no_secret() -> None:
    settings = Settings(
        kafka=KafkaSettings(properties=LOGIN, producer={"ssl.key.password": SECRET}),
        registry=RegistrySettings(url=f"https://me:{SECRET}@host", properties={"basic.auth.user.info": SECRET}),
    )
    assert SECRET not in repr(settings)
    assert SECRET not in str(settings)


def test_a_registry_is_named_without_its_password() -> None:
    assert Registry(f"https://me:{SECRET}@host/api", source=object()).url == "https://host/api"  # type: ignore[arg-type]


def failing(properties: dict[str, str]) -> None:
    raise RuntimeError(f"failed with {len(properties)} properties")


class Terminal(io.StringIO):
    """A stream that says it is a person's."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("output", [io.StringIO(), Terminal()])
def test_a_logged_traceback_shows_no_variables(output: io.StringIO) -> None:
    configure(LogSettings(), output)
    try:
        failing(dict(LOGIN))
    except RuntimeError:
        structlog.get_logger("test").exception("it failed")
    assert "RuntimeError" in output.getvalue()
    assert SECRET not in output.getvalue()


def test_a_private_file_is_its_owners_alone_even_where_another_was_before(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text("open to all")
    path.chmod(0o644)
    write_private(path, json.dumps(LOGIN))
    assert path.stat().st_mode & 0o777 == 0o600
    assert json.loads(path.read_text()) == LOGIN
    assert [one.name for one in tmp_path.iterdir()] == ["settings.toml"]
