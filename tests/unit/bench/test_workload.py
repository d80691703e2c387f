"""The requests that the benchmarks send, and the work by hand that they are measured against."""

import pytest

from bench.peers.by_hand import ByHand, Unreadable
from bench.workload import Draft, Workload
from schemas import avsc
from schemas.codec import frame
from schemas.decoder import decoder_for
from schemas.encoder import encoder_for

ENCODE = encoder_for(avsc.load("echo", "request"), frame(1))
DECODE = decoder_for(avsc.load("echo", "result"), avsc.load("echo", "result"), 5)


def drafts(count: int = 2_000) -> list[Draft]:
    return list(Workload(count).drafts(ENCODE))


def test_the_same_seed_gives_the_same_requests() -> None:
    assert [draft[:2] for draft in drafts()] == [draft[:2] for draft in drafts()]


def test_shares_are_as_asked_for() -> None:
    made = drafts(20_000)
    assert len({draft.key for draft in made}) == pytest.approx(18_000, rel=0.02)
    assert sum(not draft.readable for draft in made) == pytest.approx(100, rel=0.4)


def test_a_repeat_is_byte_for_byte_the_earlier_request() -> None:
    values: dict[bytes, set[bytes]] = {}
    for draft in drafts():
        values.setdefault(draft.key, set()).add(draft.value)
    assert all(len(one) == 1 for one in values.values())


def test_the_work_by_hand_answers_what_can_be_read_and_no_more() -> None:
    work = ByHand(avsc.FOLDER / "echo", 1, 2)
    statuses = []
    for draft in drafts():
        if not draft.readable:
            with pytest.raises(Unreadable):
                work.answer("requests", 0, 1, 0, draft.value, draft.headers)
            continue
        value, headers = work.answer("requests", 0, 1, 0, draft.value, draft.headers)
        statuses.append(DECODE(value)["status"])
        assert dict(headers)["ce_causationid"] == draft.key
        assert len(headers) == 10
    assert statuses.count("FAILED") == pytest.approx(10, abs=8)
    assert statuses.count("COMPLETED") + statuses.count("FAILED") == len(statuses)
