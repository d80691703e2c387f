"""A question for a coordinator that is away must not end the process when the broker is back."""

import signal
import subprocess
import sys

NO_ANSWER = 7
PROGRAM = """
import sys
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from streams.group_view import GroupView
from streams.proof.proxy import FrameProxy
from streams.testing import NeverCame, eventually

class Naive(GroupView):
    def describe(self, seconds):
        self._client = self._client or self._make_client()
        return self._client.describe_consumer_groups([self.group], request_timeout=seconds)[self.group].result()

def answered(seconds):
    try:
        view.describe(seconds)
        return True
    except KafkaException:
        return False

with FrameProxy(sys.argv[1]) as proxy:
    kind = {"guarded": GroupView, "naive": Naive}[sys.argv[2]]
    view = kind("nobody", lambda: AdminClient({"bootstrap.servers": proxy.bootstrap, "reconnect.backoff.max.ms": 100}))
    view.describe(20)
    with proxy.down():
        if answered(1) or answered(1):
            sys.exit("the broker answered while it was down")
    try:
        eventually(lambda: answered(5), within=20)
    except NeverCame:
        sys.exit(int(sys.argv[3]))
    # What was asked before is over now: the library serves it all in one thread, in turn.
    view.describe(5)
"""


def ended(bootstrap: str, kind: str) -> int:
    """How a process ended that asked while the broker was away, and again when it was back; below 0: by a signal."""
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, bootstrap, kind, str(NO_ANSWER)], timeout=60, check=False
    ).returncode


def test_with_the_guard_a_question_is_answered_once_the_broker_is_back(bootstrap: str) -> None:
    assert ended(bootstrap, "guarded") == 0


def test_without_the_guard_the_library_ends_the_process_or_never_answers_again(bootstrap: str) -> None:
    assert ended(bootstrap, "naive") in {-signal.SIGABRT, NO_ANSWER}
