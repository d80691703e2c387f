"""The secured stack as its roles meet it: what each may and may not do, and what anybody can find out."""

import json
import shutil
import socket
import ssl
import time
import urllib.error
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from schemas.errors import RegistryUnavailable
from streams.client import Client, LoginRefused, NotAllowed, TopicMissing
from streams.client.connection import admin, open_registry, partition_counts
from streams.client.letterbox import every
from streams.client.reading import TopicReader
from streams.lanes import catalogue
from streams.mistake import UserMistake
from streams.presence import Presence, present
from streams.provisioning.access import existing, grant
from streams.provisioning.permissions import Permission
from streams.provisioning.plan import plan_for
from streams.provisioning.provision import provision
from streams.settings import StackSettings, override
from streams.stack import certificates, lifecycle, secret_files
from streams.stack.layout import Layout
from streams.stack.ports import HOST
from streams.testing import eventually
from tests.integration.stack.secured_site import PATIENCE, SecuredSite
from tests.integration.stack.web_status import status_of

ROOT = Path(__file__).parents[3]
FORBIDDEN_TOPIC, FORBIDDEN_ID = "TOPIC_AUTHORIZATION_FAILED", "TRANSACTIONAL_ID_AUTHORIZATION_FAILED"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredSite]:
    jars = Layout.of(StackSettings(directory=ROOT / ".sluicegate")).jars
    made = SecuredSite(tmp_path_factory.mktemp("secured"), jars)
    try:
        made.up()
        administrator = made.role("admin")
        provision(administrator, plan_for(administrator, ["echo", "sagas"]))
        yield made
    finally:
        made.discard()


@pytest.fixture(scope="module")
def worker(site: SecuredSite) -> Presence:
    """A worker that is ready."""
    log = site.layout.logs / "worker.log"
    site.worker(log)

    def ready() -> Presence | None:
        return next((one for one in present(site.settings) if one.is_ready()), None)

    found = eventually(ready, within=30, what="the worker")
    assert found is not None
    return found


# What R18 asks of a broker: its six cases.


def test_a_role_writes_where_it_may(site: SecuredSite) -> None:
    assert site.produce("worker", "sluicegate.echo.results") == "ok"


def test_a_role_writes_nowhere_else(site: SecuredSite) -> None:
    assert site.produce("worker", "sluicegate.sagas.history") == FORBIDDEN_TOPIC


def test_a_worker_takes_its_own_transactional_ids(site: SecuredSite) -> None:
    assert site.begin("worker", "sluicegate.echo-9") == "ok"


def test_a_worker_takes_no_other_transactional_id(site: SecuredSite) -> None:
    assert site.begin("worker", "sluicegate.sagas-0") == FORBIDDEN_ID


@pytest.fixture(scope="module")
def start(site: SecuredSite) -> float:
    """How long a program takes to start while another one does: that is this machine's matter now, not the log-in's."""
    began = time.monotonic()
    with ThreadPoolExecutor(2) as two:
        list(two.map(lambda _: site.run(site.file("admin"), "init", "--print", "--only", "echo"), range(2)))
    return 2 * (time.monotonic() - began)


def commands(site: SecuredSite) -> list[tuple[str, list[str]]]:
    """Every way in that there is: the role that uses it, and the command."""
    return [
        ("admin", ["init", "--only", "echo"]),
        ("worker", ["worker", "--only", "echo", "--slot", "7"]),
        ("north", ["send", "echo", "payload=x"]),
        ("client", ["tail", "sluicegate.echo.results"]),
        ("client", ["find", "nobody"]),
        ("operator", ["dead-letters", "replay", "--all"]),
        ("operator", ["partitions", "list"]),
        ("operator", ["saga", "list"]),
        ("operator", ["kafka-tool", "topics", "--list"]),
    ]


def test_a_wrong_password_is_told_within_ten_seconds_by_everything(site: SecuredSite, start: float) -> None:
    files = {role: site.with_wrong_password(role) for role, _ in commands(site)}
    with ThreadPoolExecutor(2) as two:
        list(two.map(lambda one: site.turns_away(files[one[0]], one[1], "uthentication", start), commands(site)))


def test_an_untrusted_authority_is_told_within_ten_seconds(site: SecuredSite, start: float, tmp_path: Path) -> None:
    certificates.make(tmp_path, [])
    trusted, other = (str(secret_files.authority(place)) for place in (site.layout.secrets, tmp_path))
    chosen = [one for one in commands(site) if one[1][0] in ("worker", "send", "kafka-tool")]
    files = {role: site.altered(role, trusted, other) for role, _ in chosen}
    with ThreadPoolExecutor(2) as two:
        list(two.map(lambda one: site.turns_away(files[one[0]], one[1], "ertifica", start), chosen))


async def test_the_python_client_is_told_as_well(site: SecuredSite) -> None:
    wrong = site.role("north")
    login = {**wrong.kafka.properties, "sasl.password": "wrong"}
    began = time.monotonic()
    with pytest.raises(LoginRefused, match=r"sasl\.password"):
        await Client(override(wrong, {"kafka": wrong.kafka.model_copy(update={"properties": login})})).start()
    assert time.monotonic() - began < PATIENCE


def test_whoever_does_not_even_try_is_told(site: SecuredSite) -> None:
    settings = site.stack.settings
    with pytest.raises(LoginRefused, match=r"security\.protocol"):
        partition_counts(admin(settings), settings)


# The listeners.


def test_the_controllers_listener_takes_nobody_without_a_certificate(site: SecuredSite) -> None:
    trusted = ssl.create_default_context(cafile=secret_files.authority(site.layout.secrets))

    def knock() -> None:
        with (
            socket.create_connection((HOST, site.settings.stack.controller_port), 5) as plain,
            trusted.wrap_socket(plain, server_hostname=HOST) as stranger,
        ):
            stranger.recv(1)  # in TLS 1.3 a client hears only now that its certificate is missed

    with pytest.raises(ssl.SSLError, match=r"(?i)certificate.required|bad.certificate"):
        knock()


def test_the_controllers_listener_speaks_to_nobody_in_the_clear(site: SecuredSite) -> None:
    with socket.create_connection((HOST, site.settings.stack.controller_port), 5) as stranger:
        stranger.sendall(b"\x00\x00\x00\x0a\x00\x12\x00\x00\x00\x00\x00\x01\x00\x00")
        stranger.settimeout(5)
        said = stranger.recv(16)
        assert said == b"" or said[0] == 0x15  # TLS's record of an alert


# Tenants.


async def test_a_tenant_is_answered(site: SecuredSite, worker: Presence) -> None:
    async with Client(site.role("north")) as north:
        result = await north.infer("echo", {"request_id": "mine", "payload": b"hi"})
    assert result["payload"] == b"hi"


def test_a_tenant_sends_and_reads_with_the_command_line(site: SecuredSite, worker: Presence) -> None:
    sent = site.run(site.file("south"), "send", "echo", "request_id=by-hand", "payload=aGVsbG8=")
    assert sent.returncode == 0, sent.stderr

    def read() -> str:
        return site.run(site.file("south"), "tail", "south.echo.results").stdout

    assert "by-hand" in eventually(read, within=20)


async def test_one_request_id_of_two_tenants_is_two_requests(site: SecuredSite, worker: Presence) -> None:
    async with Client(site.role("north")) as north, Client(site.role("south")) as south:
        first = await north.infer("echo", {"request_id": "both", "payload": b"north's"})
        second = await south.infer("echo", {"request_id": "both", "payload": b"south's"})
    assert (first["payload"], second["payload"]) == (b"north's", b"south's")
    assert not second.replayed


@pytest.mark.parametrize(
    "topic", ["south.echo.requests", "south.echo.results", "south.dead-letters", "sluicegate.echo.requests"]
)
def test_a_tenant_neither_reads_nor_writes_what_is_anothers(site: SecuredSite, topic: str) -> None:
    assert site.produce("north", topic) == FORBIDDEN_TOPIC
    assert site.consume("north", topic) == FORBIDDEN_TOPIC


def test_a_tenant_reads_its_own_results_and_can_not_write_them(site: SecuredSite) -> None:
    assert site.consume("north", "north.echo.results") == "ok"
    assert site.produce("north", "north.echo.results") == FORBIDDEN_TOPIC


def test_a_tenant_does_not_even_see_the_topics_of_others(site: SecuredSite) -> None:
    assert all(topic.startswith("north.") for topic in site.topics("north"))
    with pytest.raises(TopicMissing):
        TopicReader(site.role("north")).partitions(["south.echo.results"])


@pytest.mark.parametrize("identity", ["south.sender", "sluicegate.echo-0", "sluicegate-dead-letters"])
def test_a_tenant_takes_no_transactional_id_but_its_own(site: SecuredSite, identity: str) -> None:
    assert site.begin("north", identity) == FORBIDDEN_ID


@pytest.mark.parametrize("group", ["south.readers", "sluicegate.echo"])
def test_a_tenant_joins_no_group_but_its_own(site: SecuredSite, group: str) -> None:
    assert site.join("north", group, "north.echo.results") == "GROUP_AUTHORIZATION_FAILED"


def test_a_tenant_has_ids_and_groups_of_its_own(site: SecuredSite) -> None:
    assert site.begin("north", "north.sender") == "ok"
    assert site.join("north", "north.readers", "north.echo.results") == "ok"


def test_a_tenant_makes_no_topic_but_for_its_own_answers(site: SecuredSite) -> None:
    asking: AdminClient = admin(site.role("north"))
    for name in ("south.replies.x", "sluicegate.replies.x", "north.more"):
        created = asking.create_topics([NewTopic(name, 1, 1)])
        with pytest.raises(Exception, match="AUTHORIZATION_FAILED"):
            created[name].result(10)


@pytest.mark.parametrize("reply_to", ["south.echo.results", "south.replies.x", "sluicegate.echo.results"])
def test_the_worker_writes_nothing_for_a_tenant_where_it_could_not_write(
    site: SecuredSite, worker: Presence, reply_to: str
) -> None:
    request_id = f"to-{reply_to}"
    value = json.dumps({"request_id": request_id, "payload": ""}).encode()
    site.ask("north", value, [("content-type", b"application/json"), ("reply-to", reply_to.encode())])
    (answer,) = eventually(lambda: site.answers("north", request_id), within=20)
    assert b"INVALID_REPLY_TO" in answer


def test_what_a_tenant_wrote_and_nobody_can_read_is_the_tenants(site: SecuredSite, worker: Presence) -> None:
    site.ask("south", b"no avro at all", [])
    (letter,) = eventually(lambda: every(site.role("south")), within=20)
    assert letter.record.value == b"no avro at all"
    assert letter.info.topic == "south.echo.requests"
    for role in ("north", "operator"):
        assert letter.record.value not in [other.record.value for other in every(site.role(role))]


def test_an_operator_replays_a_tenants_dead_letters(site: SecuredSite, worker: Presence) -> None:
    site.ask("north", b"neither is this", [])
    eventually(lambda: every(site.role("north")), within=20)
    operator = override(site.role("operator"), {"tenant": "north"})
    assert not any(letter.replayed for letter in every(operator))
    path = site.layout.root / "operator-for-north.toml"
    path.write_text('tenant = "north"\n' + site.file("operator").read_text())
    ended = site.run(path, "dead-letters", "replay", "--all")
    assert ended.returncode == 0, ended.stderr
    assert any(letter.replayed for letter in eventually(lambda: every(operator)))


# Other roles.


def test_the_orchestrator_commands_lanes_and_reads_no_requests_of_theirs(site: SecuredSite) -> None:
    assert site.produce("orchestrator", "sluicegate.echo.requests") == "ok"
    assert site.consume("orchestrator", "sluicegate.sagas.inbox") == "ok"
    assert site.consume("orchestrator", "sluicegate.echo.requests") == FORBIDDEN_TOPIC
    assert site.begin("orchestrator", "sluicegate.echo-0") == FORBIDDEN_ID
    assert site.produce("orchestrator", "north.echo.requests") == FORBIDDEN_TOPIC


def test_an_operator_runs_no_lane(site: SecuredSite) -> None:
    assert site.begin("operator", "sluicegate.echo-0") == FORBIDDEN_ID
    assert site.join("operator", "sluicegate.echo", "sluicegate.echo.requests") == "GROUP_AUTHORIZATION_FAILED"
    assert site.produce("operator", "sluicegate.echo.results") == FORBIDDEN_TOPIC


def test_only_the_administrator_changes_what_others_may(site: SecuredSite) -> None:
    for role in ("operator", "worker", "north"):
        with pytest.raises(NotAllowed, match="as the administrator"):
            grant(admin(site.role(role)), [Permission("north", "topic", "x", ("Read",))])


def test_what_a_role_should_no_longer_have_is_taken_away(site: SecuredSite) -> None:
    administrator = site.role("admin")
    asking = admin(administrator)
    grant(asking, [Permission("sluicegate-operator", "topic", "left.over", ("Read",))])
    wanted = plan_for(administrator, list(catalogue())).permissions
    assert grant(asking, wanted, sweep=True).taken == 1
    assert not [entry for entry in existing(asking, ["sluicegate-operator"]) if entry.name == "left.over"]
    assert (grant(asking, wanted, sweep=True).made, grant(asking, wanted, sweep=True).taken) == (0, 0)


# The registry and the web pages.


def test_the_registry_is_read_by_whoever_has_a_password_and_changed_by_the_administrator(site: SecuredSite) -> None:
    trusted = ssl.create_default_context(cafile=secret_files.authority(site.layout.secrets))
    subjects = f"{site.role('north').registry.url}/subjects"
    north = site.role("north").registry.properties["basic.auth.user.info"]
    administrator = site.role("admin").registry.properties["basic.auth.user.info"]
    assert status_of(subjects, trusted) == 401
    assert status_of(subjects, trusted, "north:wrong") == 401
    assert status_of(subjects, trusted, north) == 200
    schema = json.dumps({"schema": '"string"'}).encode()
    register = f"{subjects}/mine-value/versions"
    assert status_of(register, trusted, north, "POST", schema) == 403
    assert status_of(f"{subjects}/north.echo.requests-value", trusted, north, "DELETE") == 403
    assert status_of(register, trusted, administrator, "POST", schema) == 200


def test_a_wrong_password_of_the_registry_is_told(site: SecuredSite) -> None:
    settings = site.role("north")
    login = {**settings.registry.properties, "basic.auth.user.info": "north:wrong"}
    wrong = override(settings, {"registry": settings.registry.model_copy(update={"properties": login})})
    with pytest.raises(RegistryUnavailable, match=r"registry\.properties"):
        open_registry(wrong).versions("north.echo.requests-value")


def test_the_registry_speaks_to_nobody_in_the_clear(site: SecuredSite) -> None:
    with pytest.raises((OSError, urllib.error.URLError)):
        status_of(site.stack.settings.registry.url, None)


def test_a_workers_pages_are_encrypted(site: SecuredSite, worker: Presence) -> None:
    trusted = ssl.create_default_context(cafile=secret_files.authority(site.layout.secrets))
    assert worker.web.startswith("https://")
    assert status_of(f"{worker.web}/metrics", trusted) == 200
    with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
        status_of(f"{worker.web}/metrics", ssl.create_default_context())
    with pytest.raises((OSError, urllib.error.URLError)):
        status_of(worker.web.replace("https", "http") + "/metrics", None)


# The stack, and its secrets.


def test_status_needs_to_know_of_nothing(site: SecuredSite, worker: Presence) -> None:
    """The services say that they are secured, and whoever owns the stack may log in."""
    settings = override(site.stack.settings, {"lanes": {}})
    assert [state.healthy for state in lifecycle.status(settings)] == [True, True]


def test_a_secured_stack_is_not_taken_for_an_open_one(site: SecuredSite) -> None:
    with pytest.raises(UserMistake, match="runs secured"):
        lifecycle.up(site.stack.settings)


def test_kafkas_own_tools_log_in_as_the_role(site: SecuredSite) -> None:
    listed = site.run(site.file("south"), "kafka-tool", "topics", "--list")
    assert listed.returncode == 0, listed.stderr
    assert set(listed.stdout.split()) == {topic for topic in site.topics("south") if topic.startswith("south.")}


def test_no_password_is_in_any_process_list(site: SecuredSite, worker: Presence) -> None:
    own = {process.pid for process in psutil.Process().children(recursive=True)}
    with ThreadPoolExecutor(1) as beside:
        running = beside.submit(site.run, site.file("admin"), "kafka-tool", "topics", "--list")
        looked = 0
        while not running.done():
            for process in psutil.process_iter(["cmdline"]):
                assert not site.gives_away(" ".join(process.info["cmdline"] or ()))
                looked += 1
        assert running.result().returncode == 0
    assert looked > len(own)


def test_no_password_is_in_any_log(site: SecuredSite, worker: Presence) -> None:
    logs = [path for path in site.layout.root.rglob("*") if path.suffix in (".log", ".out") and path.is_file()]
    assert {"kafka.log", "registry.log", "worker.log"} <= {path.name for path in logs}
    for path in logs:
        assert not site.gives_away(path.read_text(errors="replace")), path


def test_no_password_can_be_read_by_anybody_else(site: SecuredSite) -> None:
    grep = shutil.which("grep")
    assert grep is not None
    for path in site.layout.root.rglob("*"):
        data = site.layout.kafka_data in path.parents
        if not path.is_file() or data or path.name.endswith("-altered.toml") or path.name == "operator-for-north.toml":
            continue
        if site.gives_away(path.read_bytes().decode(errors="replace")):
            assert path.stat().st_mode & 0o077 == 0, path


def test_help_shows_no_setting_of_anybodys(site: SecuredSite) -> None:
    for words in (["worker", "--help"], ["init", "--print", "--only", "echo"]):
        said = site.run(site.file("worker"), *words)
        assert said.returncode == 0
        assert not site.gives_away(said.stdout + said.stderr)
