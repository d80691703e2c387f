"""A worker without a saga's code parks that saga, and says so; where the code is, it goes on."""

from sagas.catalogue import Catalogue
from sagas.compile import compile_saga
from sagas.effects import Orphaned
from sagas.flow import seq
from sagas.inputs import CommandKind
from sagas.instance import Status
from sagas.refusal import Refusal
from tests.saga_definitions import add_step, new_saga
from tests.saga_driver import Driver


def saga(version: int = 1, last: str = "b") -> Driver:
    made = new_saga(version=version)
    made.flow = seq(add_step(made, "a"), add_step(made, last))
    return Driver(made)


def elsewhere(driver: Driver, other: Driver | None = None) -> Driver:
    """The saga comes to a worker that has other code, or none."""
    driver.catalogue = other.catalogue if other is not None else Catalogue()
    return driver


def test_a_reply_is_kept_aside_and_had_again_where_the_code_is() -> None:
    driver = saga().start()
    own = driver.catalogue
    elsewhere(driver, saga(version=2)).done("a")
    assert driver.status is Status.NEEDS_ATTENTION
    assert driver.of(Orphaned)[0].reason == "this worker lacks version 1 of saga 'order'; it has 2"
    assert driver.statuses() == {"a": "STALLED"}
    driver.catalogue = own
    assert driver.command(CommandKind.RESUME).commands() == ["a"]
    assert driver.done("a").commands() == ["b"]


def test_a_timer_parks_the_saga_and_runs_on_where_the_code_is() -> None:
    driver = saga().start()
    own = driver.catalogue
    assert elsewhere(driver).fire("a/run").status is Status.NEEDS_ATTENTION
    driver.catalogue = own
    assert driver.command(CommandKind.RESUME).saga.timers["a/run"].due_ms == driver.now_ms
    assert driver.fire("a/run").statuses() == {"a": "RETRYING"}


def test_an_undo_stalls_likewise() -> None:
    driver = saga().start().done("a").reply("b", code="NO")
    own = driver.catalogue
    elsewhere(driver).undone("a")
    assert driver.statuses()["a"] == "DONE-STALLED"
    driver.catalogue = own
    assert driver.command(CommandKind.RESUME).commands() == ["-a"]


def test_a_changed_definition_of_the_same_version_is_another_one() -> None:
    driver = elsewhere(saga().start(), saga(last="c")).done("a")
    assert driver.saga.attention is not None
    assert "is not the one that was started" in driver.saga.attention.reason


def test_commands_are_refused_and_an_abort_is_not() -> None:
    driver = elsewhere(saga().start())
    for kind in (CommandKind.CANCEL, CommandKind.SIGNAL, CommandKind.RESUME, CommandKind.SKIP):
        assert driver.command(kind, step="a").answer().code is Refusal.SAGA_UNKNOWN
        assert driver.events() == []
    assert driver.command(CommandKind.ABORT, actor="").answer().code is Refusal.SAGA_UNKNOWN
    assert driver.command(CommandKind.ABORT).status is Status.ABORTED


def test_a_start_finds_the_saga_all_the_same() -> None:
    assert elsewhere(saga().start()).start().answer().message == "started before; it is RUNNING"


def test_a_finished_saga_is_forgotten_without_its_code() -> None:
    driver = elsewhere(saga().start().done("a", "b"))
    driver.reply("b")
    assert driver.status is Status.COMPLETED
    assert driver.events() == []
    assert driver.fire("retain").instance is None


def test_a_catalogue_has_only_what_was_started() -> None:
    driver = saga().start()
    compiled = compile_saga(_again())
    assert driver.catalogue.pinned("order", 1, compiled.hash) is driver.compiled[0]
    assert driver.catalogue.pinned("order", 1, "another") is None


def _again() -> object:
    made = new_saga()
    made.flow = seq(add_step(made, "a"), add_step(made, "b"))
    return made
