"""The sagas of the catalogue with their real participants and models, as a person runs them."""

import json
from base64 import b64encode
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO

import pytest
from sqlalchemy import delete

from sagas.fold import fold
from sagas.instance import Instance, SignalStatus, Status
from sagas.participants.ledger import Account
from streams.cli.errors import told
from streams.cli.main import build
from streams.client.connection import open_registry
from streams.participants.index_store import open_store, url_of
from streams.participants.tables import documents, open_engine
from streams.proof.intake_load import Sender, ledger_request
from streams.proof.saga_site import LANES, SagaSite
from streams.sagas.evidence import books, gather
from streams.sagas.reading import SagaReader
from streams.sagas.verifying import verify
from streams.settings import load
from streams.stack.testing import StackForTests
from streams.supervisor import Supervisor
from streams.testing import eventually

WITHIN = 90.0
IMAGE = b64encode(bytes(range(16)) * 4).decode()


@pytest.fixture(scope="module")
def site(stack: StackForTests) -> Iterator[SagaSite]:
    """One worker with every lane that the catalogue's sagas need."""
    made = SagaSite.made(stack.settings, partitions=2)
    supervisor = Supervisor(1, only=LANES, environment=made.environment, settings=made.settings)
    supervisor.start()
    try:
        eventually(supervisor.ready, within=WITHIN, every=0.5, what="a worker with all lanes")
        yield made
    finally:
        supervisor.stop()


@pytest.fixture(autouse=True)
def _here(site: SagaSite, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Commands run in this process, with the site's settings."""
    for name, value in site.environment.items():
        monkeypatch.setenv(name, value)
    load.cache_clear()
    yield
    load.cache_clear()


def run(*words: str, code: int = 0) -> str:
    """What a command says that ends so."""
    said, complained = StringIO(), StringIO()
    with redirect_stdout(said), redirect_stderr(complained), pytest.raises(SystemExit) as end, told():
        build(["saga"])(["saga", *words], prog_name="sluicegate")
    assert (end.value.code or 0) == code, complained.getvalue()
    return said.getvalue()


def saga(site: SagaSite, saga_id: str) -> Instance | None:
    """The saga that its history makes."""
    registry = open_registry(site.settings)
    try:
        return fold(SagaReader(site.settings, registry).history(saga_id))
    finally:
        registry.close()


def becomes(site: SagaSite, saga_id: str, status: Status) -> Instance:
    def there() -> Instance | None:
        found = saga(site, saga_id)
        return found if found is not None and found.status is status else None

    return eventually(there, within=WITHIN, every=0.3, what=f"{saga_id} {status}")


def indexed(site: SagaSite) -> dict[str, dict[str, str]]:
    """The documents of the index, with their metadata."""
    store = open_store(site.settings)
    try:
        return {document.document_id: dict(document.metadata) for document in store.documents()}
    finally:
        store.close()


@pytest.mark.timeout(240)
def test_documents_are_taken_in_for_credits(site: SagaSite) -> None:
    registry = open_registry(site.settings)
    sender = Sender(site.settings, registry)
    sender.send("ledger", ledger_request("grant", "GRANT", "acme", amount=2))
    sender.flush()
    for document, tenant in (("paid", "acme"), ("unpaid", "nobody")):
        run("start", "document-intake", f"document_id={document}", f"tenant={tenant}", "text=a mill", f"image={IMAGE}")
    becomes(site, "paid", Status.COMPLETED)
    refused = becomes(site, "unpaid", Status.COMPENSATED)
    assert "INSUFFICIENT_CREDIT" in refused.reason
    assert set(refused.steps) == {"reserve"}
    found = indexed(site)
    assert "unpaid" not in found
    assert found["paid"]["tenant"] == "acme"
    assert found["paid"]["digit"].isdigit()
    accounts, reserved, held = books(site.settings)
    assert accounts["acme"] == Account(granted=2, free=1, reserved=0, charged=1)
    assert not any(reserved.values())
    assert held["acme", "paid"].status == "CHARGED"
    registry.close()


@pytest.mark.timeout(240)
@pytest.mark.parametrize(("approved", "end"), [("true", Status.COMPLETED), ("false", Status.COMPENSATED)])
def test_a_corpus_waits_for_a_person(site: SagaSite, approved: str, end: Status) -> None:
    name = f"corpus-{approved}"
    message = {"corpus_id": name, "title": "Mills", "chunks": [f"mill number {number}" for number in range(40)]}
    run("start", "corpus-review", "--message", json.dumps(message))
    waits = eventually(
        lambda: (found := saga(site, name)) and "approval" in found.signals and found,
        within=WITHIN, every=0.3, what="a saga that waits",
    )  # fmt: skip
    assert waits.signals["approval"].status is SignalStatus.AWAITED
    assert indexed(site)[name]["chunks"] == "40"
    assert "approval" in run("show", name)
    run("signal", name, "approval", f"approved={approved}", "by=ada")
    becomes(site, name, end)
    assert (name in indexed(site)) is (end is Status.COMPLETED)


def test_all_of_it_holds_together(site: SagaSite) -> None:
    registry = open_registry(site.settings)
    try:
        assert verify(gather(site.settings, registry)) == []
    finally:
        registry.close()


def test_the_index_holds_what_completed_sagas_put_there(site: SagaSite) -> None:
    url = url_of(site.settings)
    assert "all is well" in run("verify", "--index", url)
    engine = open_engine(url, 5.0)
    with engine.begin() as connection:
        connection.execute(delete(documents).where(documents.c.document_id == "paid"))
    engine.dispose()
    (finding,) = json.loads(run("verify", "--index", url, "--json", code=1))["findings"]
    assert (finding["saga_id"], finding["check"]) == ("paid", "index")
