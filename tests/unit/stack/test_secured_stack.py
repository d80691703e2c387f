"""The secured stack's files: certificates, passwords, role settings, what the broker and the registry are told."""

import os
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from streams.mistake import UserMistake
from streams.settings import IndexSettings, LaneSettings, Settings, StackSettings, WorkerSettings
from streams.stack import certificates, kafka, lifecycle, logins, registry, role_files, secret_files, secure_kafka
from streams.stack import secure_registry as secured
from streams.stack.layout import Layout

NOW = datetime(2031, 5, 1, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        stack=StackSettings(directory=tmp_path / "stack", jars=tmp_path / "jars", secure=True, kafka_port=4711),
        lanes={"echo": LaneSettings(tenants=("north", "south"), repeats={"entries": 7})},  # type: ignore[arg-type] # as read
        index=IndexSettings(url="postgresql://user:hunter2@db/documents"),
        worker=WorkerSettings(drain_seconds=3),
    )


@pytest.fixture
def layout(settings: Settings) -> Layout:
    layout = Layout.of(settings.stack)
    layout.make()
    return layout


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_passwords_are_drawn_once_and_kept(layout: Layout) -> None:
    first = logins.have(layout, ("north",))
    second = logins.have(layout, ("north", "south"))
    assert {name: second[name] for name in first} == first
    assert len(set(second.values())) == len(second)
    assert min(map(len, second.values())) >= 40


def test_nobody_else_may_read_what_is_secret(layout: Layout, settings: Settings) -> None:
    role_files.write(settings, layout, logins.have(layout, ("north", "south")))
    secured.write(layout.secrets, 8081, logins.read(layout.secrets))
    os.umask(0o022)
    assert mode(layout.secrets) == 0o700
    assert {mode(path) for path in layout.secrets.iterdir()} == {0o600}


def test_certificates_are_made_anew_in_their_last_month_alone(tmp_path: Path) -> None:
    certificates.make(tmp_path, ["kafka"], NOW)
    made = secret_files.server(tmp_path, "kafka").read_bytes()
    certificates.make(tmp_path, ["kafka"], NOW + timedelta(days=certificates.SERVER_DAYS - 40))
    assert secret_files.server(tmp_path, "kafka").read_bytes() == made
    authority = secret_files.authority(tmp_path).read_bytes()
    certificates.make(tmp_path, ["kafka"], NOW + timedelta(days=certificates.SERVER_DAYS - 20))
    assert secret_files.server(tmp_path, "kafka").read_bytes() != made
    assert secret_files.authority(tmp_path).read_bytes() == authority


def test_a_certificate_names_this_machine_and_is_signed_by_the_authority(tmp_path: Path) -> None:
    certificates.make(tmp_path, ["kafka"], NOW)
    own, authority = x509.load_pem_x509_certificates(secret_files.server(tmp_path, "kafka").read_bytes())
    names = own.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert [str(one) for one in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]
    own.verify_directly_issued_by(authority)
    assert not own.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_each_role_gets_what_it_needs_and_its_own_password_alone(
    settings: Settings, layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    passwords = logins.have(layout, ("north", "south"))
    paths = role_files.write(settings, layout, passwords)
    assert set(paths) == {"admin", "worker", "orchestrator", "operator", "client", "north", "south"}
    for role, path in paths.items():
        principal = logins.ROLES.get(role, role)
        text = path.read_text()
        assert [name for name, word in passwords.items() if word in text] == [principal]
        monkeypatch.setenv("SLUICEGATE_SETTINGS", str(path))
        read = Settings()
        assert read.kafka.properties["sasl.username"] == principal
        assert read.kafka.bootstrap_servers == "127.0.0.1:4711"
        assert read.stack.secure
        assert read.stack.directory.is_absolute()


def test_a_client_is_told_no_ones_secrets_and_no_other_tenants_names(settings: Settings, layout: Layout) -> None:
    paths = role_files.write(settings, layout, logins.have(layout, ("north", "south")))
    for role in ("client", "north"):
        assert "hunter2" not in paths[role].read_text()
    assert "south" not in paths["north"].read_text()
    assert "north" not in paths["client"].read_text()
    assert "hunter2" in paths["worker"].read_text()


def test_sagas_have_a_role_of_their_own_and_workers_speak_https(settings: Settings, layout: Layout) -> None:
    paths = role_files.write(settings, layout, logins.have(layout, ("north", "south")))
    worker, orchestrator = (tomllib.loads(paths[role].read_text())["worker"] for role in ("worker", "orchestrator"))
    assert orchestrator["lanes"] == ["sagas"]
    assert "sagas" not in worker["lanes"]
    assert "echo" in worker["lanes"]
    assert worker["web_certificate"] == str(secret_files.server(layout.secrets, "web"))
    assert worker["drain_seconds"] == 3


def test_any_settings_come_back_from_toml_as_they_were() -> None:
    value = {
        "plain": 1,
        "deep": {"a.b": 'say "x"\\', "list": [{"device": "cpu", "threads": 2}], "deeper": {"true": True, "half": 0.5}},
        "empty": {},
    }
    assert tomllib.loads("\n".join(role_files.toml(value))) == value


def test_nothing_is_open_to_strangers(layout: Layout) -> None:
    told = secure_kafka.properties(layout.secrets, logins.have(layout, ()))
    assert told["listener.security.protocol.map"] == "CLIENT:SASL_SSL,CONTROLLER:SSL"
    assert told["listener.name.controller.ssl.client.auth"] == "required"
    assert told["allow.everyone.if.no.acl.found"] == "false"
    assert "ANONYMOUS" not in told["super.users"]


def test_the_first_users_are_no_argument_that_others_can_read(layout: Layout) -> None:
    passwords = logins.have(layout, ())
    with secure_kafka.first_users(layout.secrets, passwords) as argument:
        file = Path(argument.removeprefix("@"))
        assert passwords[logins.ADMIN] in file.read_text()
        assert passwords[logins.ADMIN] not in argument
        assert mode(file) == 0o600
    assert not file.exists()


def test_only_the_administrator_may_change_schemas(layout: Layout) -> None:
    told = secured.properties(layout.secrets, 8081, logins.have(layout, ("north",)))
    roles = {name: value for name, value in told.items() if ".embedded.roles." in name}
    assert [name for name, role in roles.items() if role == secured.ADMINISTERS] == [
        f'quarkus.security.users.embedded.roles."{logins.ADMIN}"'
    ]
    assert told["quarkus.http.insecure-requests"] == "disabled"
    assert f'quarkus.security.users.embedded.users."{logins.BROKER}"' not in told


def test_no_password_is_in_a_services_arguments_or_environment(settings: Settings, layout: Layout) -> None:
    passwords = logins.have(layout, ("north",))
    (layout.jars / "registry").mkdir(parents=True)
    (layout.jars / "registry" / "apicurio-registry-app-1-runner.jar").touch()
    for service in (kafka.service(settings, layout), registry.service(settings, layout)):
        shown = " ".join([*service.command, *service.environment.values()])
        assert not [name for name, word in passwords.items() if word in shown]
        assert "-Dsluicegate.secure=true" in service.command


def test_a_secured_stack_keeps_its_data_apart(settings: Settings) -> None:
    plain = settings.stack.model_copy(update={"secure": False})
    assert Layout.of(settings.stack).kafka_data != Layout.of(plain).kafka_data


def test_there_is_no_secured_stack_in_docker(settings: Settings) -> None:
    docker = settings.stack.model_copy(update={"engine": "docker"})
    with pytest.raises(UserMistake, match="a secured stack runs from Java alone"):
        lifecycle.up(settings.model_copy(update={"stack": docker}))
