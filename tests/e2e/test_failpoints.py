"""A worker is killed before and after every step of a record's way: each request has one answer all the same."""

import signal
from collections.abc import Iterator
from random import Random

import pytest

from streams.failpoints import NAMES
from streams.proof import aftermath
from streams.proof.asked import Asked, requests
from streams.proof.site import Site
from streams.proof.works import Works
from streams.settings import Settings
from streams.testing import eventually

STEPS = [name for name in NAMES if not name.startswith("revoke")]
REVOCATIONS = [name for name in NAMES if name.startswith("revoke")]


@pytest.fixture(scope="module")
def works(settings: Settings) -> Iterator[Works]:
    site = Site.made(settings, lane={"batch": {"size": 8}})
    with Works(site, slots=(0, 1)) as running:
        running.retire(1)
        yield running
    assert aftermath.unsettled(site.settings, [site.results, site.binding.repeats, site.settings.dead_letters]) == {}


def send(works: Works, name: str, count: int) -> list[str]:
    codec = works.site.codec("request")
    asked: list[Asked] = list(requests(count, 20, Random(1), name))
    return works.send_all(
        (codec.encode({"request_id": one.request_id, "payload": one.payload}), one.key.encode(), ()) for one in asked
    )


@pytest.mark.parametrize("name", STEPS)
def test_who_dies_here_is_succeeded_without_loss_or_repeat(works: Works, name: str) -> None:
    armed = works.arm(0, f"{name}:2:kill")
    first = send(works, f"{name}-first", 8)
    works.settled(first)
    second = send(works, f"{name}-second", 30)
    eventually(lambda: works.pid(0) != armed, within=30, what="the worker's death")
    assert works.supervisor.codes()[0] == -signal.SIGKILL
    works.settled(first + second)
    assert all(works.decode(works.outcome(place))["status"] == "COMPLETED" for place in first + second)


@pytest.mark.parametrize("name", REVOCATIONS)
def test_who_dies_while_giving_partitions_up_leaves_none_without_an_owner(works: Works, name: str) -> None:
    works.retire(1)
    armed = works.arm(0, f"{name}:1:kill")
    # Records of every partition: answered only when slot 0 has the partitions of slot 1 too.
    works.settled(send(works, f"{name}-first", 30))
    works.join(1)
    eventually(lambda: works.pid(0) != armed, within=30, what="the worker's death")
    second = send(works, f"{name}-second", 30)
    works.settled(second)
