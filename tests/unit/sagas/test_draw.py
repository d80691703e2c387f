"""A picture of a definition, from its published form."""

import json

from sagas.compile import compile_saga
from sagas.draw import mermaid
from sagas.flow import for_each, parallel, pivot, seq, wait_signal, when
from sagas.policy import Join, Kind
from tests.saga_definitions import add_item_step, add_step, new_saga
from tests.unit.sagas.checks.test_checks import Approved


def drawing(**states: str) -> str:
    saga = new_saga()
    saga.flow = seq(
        parallel(add_step(saga, "a"), add_step(saga, "b", Kind.READ_ONLY), join=Join.ANY),
        when(lambda order: order.big, add_step(saga, "c"), name="is-big"),
        for_each(lambda order: order.items, add_item_step(saga, "each"), max_items=5, max_in_flight=2),
        wait_signal("approval", Approved, timeout_ms=5_000),
        pivot(add_step(saga, "end", Kind.PIVOT)),
    )
    form = json.loads(json.dumps(compile_saga(saga).form()))
    return mermaid(form, states)


def test_steps_and_their_compensations_are_drawn() -> None:
    assert drawing().splitlines() == [
        "flowchart TD",
        "    n_fork1{{all at once}}",
        "    n_start --> n_fork1",
        '    n_a["a<br/>echo"]',
        "    n_fork1 --> n_a",
        '    n_a_undo["undo<br/>echo"]',
        "    n_a -.->|undo| n_a_undo",
        '    n_b["b<br/>echo (read-only)"]',
        "    n_fork1 --> n_b",
        "    n_join1{{any}}",
        "    n_a --> n_join1",
        "    n_b --> n_join1",
        '    n_is__big{"is-big"}',
        "    n_join1 --> n_is__big",
        '    n_c["c<br/>echo"]',
        "    n_is__big -->|yes| n_c",
        '    n_c_undo["undo<br/>echo"]',
        "    n_c -.->|undo| n_c_undo",
        '    n_each["each for each of at most 5, 2 at once<br/>echo (read-only)"]',
        "    n_c --> n_each",
        "    n_is__big -->|no| n_each",
        '    n_approval[/"wait for approval<br/>5 s, then compensate"/]',
        "    n_each --> n_approval",
        '    n_end["end<br/>echo (pivot)"]',
        "    n_approval --> n_end",
        "    style n_end stroke-width:4px",
        '    n_start(["start"])',
        '    n_done(["completed"])',
        "    n_end --> n_done",
    ]


def test_states_are_shown_beside_the_names() -> None:
    assert '    n_a["a<br/>echo<br/>DONE"]' in drawing(a="DONE").splitlines()
