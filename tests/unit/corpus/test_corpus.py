"""The committed attacks, each with the answer that it must get; `tests/e2e/bad_input` sends them to a real worker."""

import re
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from processors.errors import WeightsRefused
from processors.weights import check_safetensors
from schemas.avro_schema import AvroSchema
from schemas.codec import frame
from schemas.dead_letter import parse
from schemas.outcome import Failed
from schemas.registry import Stored
from schemas.result import result_record
from streams.entry import Entry
from streams.proof.fuzz import targets
from streams.proof.fuzzing.doors import Door
from streams.proof.fuzzing.target import Target
from streams.settings import Settings
from tests.corpus.attack import DEAD_LETTER, OWN, Attack, attacks

MOST_BYTES, MOST_SECONDS = 32 << 20, 10.0


@pytest.fixture
def bounded() -> Iterator[None]:
    """What the test does takes neither much memory nor much time."""
    tracemalloc.start()
    began = time.thread_time()
    try:
        yield
        seconds, most = time.thread_time() - began, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < MOST_BYTES
    assert seconds < MOST_SECONDS


def answered(entry: Entry) -> tuple[str, str]:
    """What becomes of an entry, and its words."""
    if entry.dead_letter is not None:
        info = parse(entry.dead_letter.headers)
        assert info is not None
        return DEAD_LETTER, info.reason
    outcome = entry.outcome
    return (outcome.code, outcome.message) if isinstance(outcome, Failed) else ("COMPLETED", "")


@pytest.mark.parametrize("attack", attacks("requests"), ids=lambda attack: attack.name)
@pytest.mark.usefixtures("bounded")
def test_a_request_gets_the_answer_that_it_must(attack: Attack) -> None:
    door = Door(Settings(), attack.lane)
    prefix = b""
    if attack.schema is not None:
        prefix = frame(door.codec.schema_id if attack.schema == OWN else 99)
        if attack.schema != OWN:
            door.registry.source.ids[99] = Stored(AvroSchema.read(attack.schema).text)
            door.registry.fetch(99)
    for value in attack.values:
        entry = door.let_in(attack.headers, prefix + value, attack.key)
        found, said = answered(entry)
        if isinstance(entry.outcome, Failed):
            assert door.answer(result_record(entry.record["request_id"], entry.outcome, "model", "1", 0.0, 0.0))
        assert found in attack.answers
        assert attack.says in said or len(attack.answers) > 1


@pytest.mark.parametrize("attack", attacks("weights"), ids=lambda attack: attack.name)
@pytest.mark.usefixtures("bounded")
def test_weights_are_refused_and_nothing_of_them_is_run(
    attack: Attack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for value in attack.values:
        with pytest.raises(WeightsRefused) as refused:
            check_safetensors(value)
        assert attack.says in str(refused.value)
        assert len(str(refused.value)) < 1_000
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def readers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Target]:
    """Everything that reads what others wrote, by its name."""
    return {target.name: target for target in targets(tmp_path_factory.mktemp("corpus"))}


@pytest.mark.parametrize("attack", attacks("stored"), ids=lambda attack: attack.name)
@pytest.mark.usefixtures("bounded")
def test_what_is_read_back_is_read_or_refused(attack: Attack, readers: dict[str, Target]) -> None:
    for value in attack.values:
        assert readers[attack.lane].attempt(value) is ("read" in attack.answers)


def test_no_file_of_ours_loads_what_can_run_code() -> None:
    """Weights are safetensors: nothing loads a pickle, an archive of torch's, or an exported program."""
    names = r"(?<!safetensors\.)torch\.load|torch\.(jit|export)\.load|pickle\.load|joblib\.load"
    loaders = re.compile(rf"({names})\(|allow_pickle\s*=\s*True")
    for package in ("processors", "schemas", "sagas", "streams"):
        for path in Path(package).rglob("*.py"):
            assert loaders.search(path.read_text()) is None, path
