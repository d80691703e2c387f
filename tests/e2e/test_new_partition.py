"""A partition that was added to the requests waits for its changelog, says so, and holds up no other."""

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from confluent_kafka.admin import AdminClient, NewPartitions

from schemas.partitioner import partition_for
from streams.presence import present
from streams.stack.testing import StackForTests
from streams.testing import eventually
from tests.e2e.bad_input.served_lane import ServedLane


def page(lane: ServedLane, path: str) -> str:
    """A page of the lane's worker; empty while it serves none."""
    ours = [one for one in present(lane.settings) if one.pid == lane.worker.pid]
    try:
        with urllib.request.urlopen(f"{ours[0].web}/{path}" if ours else "http://127.0.0.1:1", timeout=2) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as unwell:
        return unwell.read().decode()
    except OSError:
        return ""


def health(lane: ServedLane) -> dict[str, Any]:
    """What the worker says of itself."""
    return dict(json.loads(page(lane, "health") or "{}"))


def keyed(partition: int, name: str) -> str:
    """A request id whose request goes to this one of two partitions."""
    ids = (f"{name}-{number}" for number in range(1_000))
    return next(one for one in ids if partition_for(one.encode(), 2) == partition)


def waiting_shown(lane: ServedLane, count: int) -> bool:
    return f'sluicegate_partitions_waiting{{lane="echo"}} {count}.0' in page(lane, "metrics")


def test_it_waits_until_init_has_widened_the_changelog_and_the_others_go_on(
    stack: StackForTests, tmp_path: Path
) -> None:
    with ServedLane(stack, tmp_path) as lane:
        requests, repeats = lane.binding().requests[0], lane.binding().repeats
        lane.answer(lane.ask("before"))
        lane.worker.kill()
        lane.worker.wait()
        admin = AdminClient({"bootstrap.servers": stack.bootstrap})
        admin.create_partitions([NewPartitions(requests, 2)])[requests].result(10)
        lane.start()
        reason = f"echo: {requests}[1] waits: its changelog {repeats} has no partition 1: run `sluicegate init`"
        said = eventually(
            lambda: [line for line in health(lane).get("reasons", []) if line.startswith(reason)], within=60
        )
        assert said
        assert health(lane)["live"]
        eventually(lambda: waiting_shown(lane, 1), what="the gauge")
        new = lane.ask(keyed(1, "new"))
        assert lane.answer(lane.ask(keyed(0, "old"))).says["status"] == "COMPLETED"
        lane.provision()
        assert lane.answer(new).says["status"] == "COMPLETED"
        eventually(lambda: health(lane).get("ready") and waiting_shown(lane, 0), what="a ready worker")
