"""The committed attacks, sent to a real worker: each gets its answer, and the partition goes on behind it."""

import os
import sys
import time
from collections.abc import Iterator
from random import Random
from typing import NamedTuple

import pytest
from confluent_kafka import Producer

from schemas.codec import frame
from schemas.confluent_source import ConfluentSource
from streams.client.record import from_message
from streams.stack.testing import StackForTests
from streams.testing import eventually
from tests.corpus.attack import DEAD_LETTER, OWN, Attack, attacks
from tests.e2e.bad_input.raw_record import write
from tests.e2e.bad_input.served_lane import WITHIN, Bad, ServedLane, now_ms

MEBIBYTE = 1 << 20
LARGEST = 12 * MEBIBYTE
GROWTH = 160 * MEBIBYTE
"""A record of 10 MB is held a few times over between the broker and its answer; nothing else here is large."""
IDS = int(os.environ.get("SLUICEGATE_PROOF_IDS", "100"))
ATTACKS = [attack for attack in attacks("requests") if attack.lane == "echo"]
HOUR_MS = 3_600_000


@pytest.fixture(scope="module")
def lane(stack: StackForTests, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedLane]:
    """An echo lane that takes large records, and whose dead letters are as small as ever."""
    logs = tmp_path_factory.mktemp("corpus")
    with ServedLane(stack, logs, topics={"max_message_bytes": LARGEST}) as served:
        yield served


class Sent(NamedTuple):
    """Where the values of an attack went, and the good request behind them."""

    places: list[str]
    good: str


@pytest.fixture(scope="module")
def sent(lane: ServedLane) -> dict[str, Sent]:
    """All of them at once, each with a good request behind it."""
    source = ConfluentSource(lane.settings.registry.url, {})
    own, records = frame(lane.codec("echo", "request").schema_id), []
    for attack in ATTACKS:
        prefix = b""
        if attack.schema is not None:
            foreign = attack.schema != OWN
            name = f"{lane.binding().group}-{attack.name}"
            prefix = frame(source.register(name, attack.schema)) if foreign else own
        records += [Bad(prefix + value, attack.key, list(attack.headers)) for value in attack.values]
        records.append(Bad(lane.request(f"after {attack.name}", b"still here")))
    places = iter(lane.send(records))
    return {one.name: Sent([next(places) for _ in one.values], next(places)) for one in ATTACKS}


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
@pytest.mark.timeout(2 * WITHIN)
def test_an_attack_gets_the_answer_that_it_must_and_the_partition_goes_on(
    lane: ServedLane, sent: dict[str, Sent], attack: Attack
) -> None:
    for place in sent[attack.name].places:
        found, said = lane.became(place)
        assert found in attack.answers
        assert attack.says in said or len(attack.answers) > 1
    assert lane.answer(sent[attack.name].good).says["payload"] == b"still here"


@pytest.mark.parametrize("raw", [b"\xff\xfe", b"caf\xe9", b"", b"a\x00b", b"\xed\xa0\x80"])
def test_a_header_whose_name_is_no_text(lane: ServedLane, raw: bytes) -> None:
    value = lane.request(f"named {raw.hex()}", b"1")
    place = write(lane.stack.bootstrap, lane.binding().requests[0], value, [(raw, b"1"), (b"x-mine", b"2")])
    text = raw.decode(errors="ignore").encode() == raw
    found, said = lane.became(place)
    assert found == ("COMPLETED" if text else DEAD_LETTER)
    assert text or "no UTF-8" in said
    assert lane.became(lane.ask(f"after {raw.hex()}"))[0] == "COMPLETED"


def test_ten_megabytes_are_answered_or_buried_and_memory_stays_bounded(lane: ServedLane) -> None:
    lane.answer(lane.ask("before the large ones"))
    before, large = lane.memory(), {"message.max.bytes": 2 * LARGEST}
    good, junk = Bad(lane.request("ten megabytes", bytes(10 * MEBIBYTE))), Bad(b"?" * (10 * MEBIBYTE))
    answered, buried, after = lane.send([good, junk, Bad(lane.request("behind them"))], **large)
    assert lane.became(after)[0] == "COMPLETED"
    assert lane.became(answered)[0] in ("COMPLETED", "RESULT_TOO_LARGE")
    letter, info = lane.letter(buried)
    assert letter.value is None
    assert "0x3f" in info.reason
    assert lane.memory() - before < GROWTH


@pytest.mark.parametrize("ahead_ms", [HOUR_MS - 60_000, -HOUR_MS], ids=["ahead", "behind"])
def test_a_record_from_another_time_is_answered(lane: ServedLane, ahead_ms: int) -> None:
    producer, places = Producer({"bootstrap.servers": lane.stack.bootstrap}), list[str]()
    producer.produce(
        lane.binding().requests[0],
        lane.request(f"from {ahead_ms}"),
        b"key",
        timestamp=now_ms() + ahead_ms,
        on_delivery=lambda error, message: places.append(from_message(message).place),
    )
    assert producer.flush(30) == 0
    queue_ms = lane.answer(places[0]).says["queue_ms"]
    assert queue_ms == 0.0 if ahead_ms > 0 else queue_ms >= HOUR_MS


@pytest.mark.timeout(WITHIN + IDS)
def test_a_storm_of_unknown_schema_ids_becomes_dead_letters_and_the_partition_goes_on(lane: ServedLane) -> None:
    """SLUICEGATE_PROOF_IDS=10000 is the long form."""
    good = lane.request("in the storm")[5:]
    ids = Random(7).sample(range(1 << 20, 1 << 31), IDS)
    before, letters, began = lane.memory(), lane.letters, time.monotonic()
    places = lane.send([Bad(frame(one) + good) for one in ids])
    behind = lane.ask("behind the storm")
    eventually(lambda: lane.look() or lane.letters - letters >= IDS, within=WITHIN + IDS, what="the storm's letters")
    sys.stdout.write(f"{IDS} unknown ids in {time.monotonic() - began:.1f} s\n")
    assert "is not in the registry" in lane.letter(places[-1])[1].reason
    assert lane.became(behind)[0] == "COMPLETED"
    assert lane.memory() - before < GROWTH


def test_the_worker_registered_nothing_and_never_stumbled(lane: ServedLane, sent: dict[str, Sent]) -> None:
    for one in sent.values():
        lane.became(one.good)
    for subject in (f"{lane.binding().requests[0]}-value", f"{lane.binding().results}-value"):
        assert len(lane.registry.versions(subject)) == 1
    assert lane.worker.is_running()
    assert "lane failed" not in lane.said()
    assert "trying again" not in lane.said()
