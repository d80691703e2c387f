"""A history of clients around a lane whose workers are killed: a log explains all of it, and so do the topics alone."""

from streams.lanes import find
from streams.proof.history.check import check
from streams.proof.history.workload import record
from streams.proof.site import Site
from streams.restarts import RestartPolicy
from streams.settings import Settings
from streams.supervisor import Supervisor
from streams.testing import eventually
from streams.verification.budget import Budget
from streams.verification.gather import verify
from streams.verification.target import lane_target

SECONDS, SEED = 8.0, 20


def kill_each(supervisor: Supervisor) -> None:
    """Kills every worker once, when it serves."""
    eventually(supervisor.ready, within=30, what="workers that serve")
    for slot in supervisor.slots():
        supervisor.kill(slot)
        eventually(supervisor.ready, within=30, what="the killed worker's successor")


def test_a_history_with_killed_workers_has_no_anomaly(settings: Settings) -> None:
    site = Site.made(settings)
    supervisor = Supervisor(
        2, only=["echo"], environment=site.environment, settings=site.settings, policy=RestartPolicy(forgiven=100)
    )
    supervisor.start()
    try:
        history = record(site, supervisor, SECONDS, SEED, kill_each)
    finally:
        supervisor.stop()
    analysis = check(history, wanted=100)
    assert analysis.holds, analysis.lines()
    assert analysis.counts.aborted_on_purpose >= 5
    assert analysis.counts.readers == 4
    assert sum(poll.fresh for poll in history.polls if poll.process.startswith("member")) >= 3
    assert supervisor.kills == 2
    verdict = verify(site.settings, lane_target(site.settings, find("echo")), Budget.of(16))
    assert verdict.holds, verdict.examples
    assert verdict.judged == verdict.results == sum(1 for _ in history.seen(site.results, history.last))
