"""A question for a coordinator that is away must not end the process when the broker is back."""

import subprocess
import sys

import pytest

PROGRAM = """
import sys, time
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from streams.group_view import GroupView
from streams.proof.proxy import FrameProxy

class Naive(GroupView):
    def describe(self, seconds):
        self._client = self._client or self._make_client()
        return self._client.describe_consumer_groups([self.group], request_timeout=seconds)[self.group].result()

with FrameProxy(sys.argv[1]) as proxy:
    kind = {"guarded": GroupView, "naive": Naive}[sys.argv[2]]
    view = kind("nobody", lambda: AdminClient({"bootstrap.servers": proxy.bootstrap, "reconnect.backoff.max.ms": 100}))
    view.describe(20)
    with proxy.down():
        for _ in range(2):
            try:
                view.describe(1)
                sys.exit("the broker answered while it was down")
            except KafkaException:
                pass
    deadline = time.monotonic() + 20
    while True:
        try:
            view.describe(5)
            break
        except KafkaException:
            if time.monotonic() > deadline:
                raise
    time.sleep(1)
"""


def ended(bootstrap: str, kind: str) -> int:
    """How a process ended that asked while the broker was away, and again when it was back; below 0: by a signal."""
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, bootstrap, kind], timeout=60, capture_output=True, check=False
    ).returncode


@pytest.mark.parametrize(("kind", "code"), [("guarded", 0), ("naive", -6)])
def test_only_without_the_guard_the_library_ends_the_process(bootstrap: str, kind: str, code: int) -> None:
    assert ended(bootstrap, kind) == code
