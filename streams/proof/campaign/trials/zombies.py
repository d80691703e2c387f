"""R6: workers that stand still beyond their session and wake up, and strangers that take a worker's ids over."""

import logging
import signal
import time
from contextlib import suppress
from random import Random

import psutil
from confluent_kafka import KafkaException, Producer

from streams.client.connection import producer
from streams.committer import release
from streams.proof.asked import Asked
from streams.proof.campaign.ground import Ground
from streams.proof.campaign.scene import ENDLESS, Demand, Scene
from streams.proof.campaign.tally import Tally
from streams.proof.campaign.trial import Round, Scale, Trial
from streams.proof.roster import SEEN_SECONDS, Roster
from streams.proof.site import SESSION_MS, Site
from streams.proof.works import FORGIVING
from streams.slots import transactional_ids
from streams.testing import eventually

RATE = 300.0
SESSIONS = 3
ANSWER_SECONDS = 20.0
SILENT = logging.Logger("stranger", logging.CRITICAL + 1)
"""Strangers are fenced on purpose, and librdkafka calls that fatal."""
ASLEEP_AT = ("infer.after", "produce.after", "send_offsets.after", "commit.before", "commit.after")


def run(ground: Ground, one: Round) -> Tally:
    """So many zombies and so many hijacked slots, one after the other, of two workers."""
    random = Random(one.seed)
    site = Site.made(ground.settings, worker={"revoke_seconds": 0.4})
    zombies = hijacks = 0
    with Scene(site, Demand(ENDLESS, random, rate=RATE), slots=(0, 1), policy=FORGIVING) as scene:
        roster = Roster(site, scene.supervisor)
        for _ in range(one.count("zombies")):
            wake_a_zombie(scene, roster, random)
            zombies += 1
        for _ in range(one.count("hijacks")):
            take_ids_over(scene, roster, random)
            hijacks += 1
        scene.cease()
    return scene.tally(faults=zombies + hijacks, figures={"zombies": zombies, "hijacked slots": hijacks})


def wake_a_zombie(scene: Scene, roster: Roster, random: Random) -> None:
    """Slot 0 sleeps for three sessions, at a failpoint or anywhere; slot 1 answers all; it wakes up, and has its share.

    Raises AssertionError when the one that wakes up does not come back to work.
    """
    roster.owned_by(0, 1)
    zombie = asleep(scene, roster, random)
    slept = time.monotonic()
    roster.owned_by(1)
    scene.catch_up(ANSWER_SECONDS)
    time.sleep(max(0.0, slept + SESSIONS * SESSION_MS / 1000 - time.monotonic()))
    zombie.send_signal(signal.SIGCONT)
    roster.owned_by(0, 1)
    if roster.pid(0) != zombie.pid:
        raise AssertionError(f"the zombie ended, with code {scene.supervisor.codes()[0]}")


def asleep(scene: Scene, roster: Roster, random: Random) -> psutil.Process:
    """The worker of slot 0, stopped with half of its work done."""
    if random.random() < 0.7:
        zombie = psutil.Process(roster.arm(0, f"{random.choice(ASLEEP_AT)}:{random.randint(1, 6)}:stop"))
    else:
        zombie = psutil.Process(roster.pid(0))
        scene.reach(scene.answered + random.randint(1, 100))
        zombie.send_signal(signal.SIGSTOP)
    stopped = psutil.STATUS_STOPPED
    eventually(lambda: zombie.status() == stopped, within=SEEN_SECONDS, what="the zombie's sleep")
    return zombie


def take_ids_over(scene: Scene, roster: Roster, random: Random) -> None:
    """Strangers take ids of slot 0, and each leaves a transaction open: its worker must take them back.

    All is answered, and no stranger can commit any more. Raises AssertionError when one can.
    """
    roster.owned_by(0, 1)
    scene.reach(scene.answered + random.randint(1, 100))
    names = random.sample(transactional_ids(scene.site.binding.group, 0), random.randint(1, 2))
    strangers = [intruder(scene.site, name) for name in names]
    # Behind what strangers left open nothing is seen: what is sent from now on is answered when they are fenced off.
    scene.reach(scene.answered + RATE, ANSWER_SECONDS)
    scene.catch_up(ANSWER_SECONDS)
    for stranger in strangers:
        if commits(stranger):
            raise AssertionError("a stranger that was fenced off commits")
        release(stranger)


def intruder(site: Site, name: str) -> Producer:
    """A producer with this transactional id that has written an answer of its own."""
    asked = Asked("stranger", 0)
    result = {"request_id": asked.request_id, "status": "COMPLETED", "payload": asked.payload, "error": None}
    value = site.codec("result").encode({**result, "model": "", "model_version": "", "queue_ms": 0, "compute_ms": 0})
    quiet = {"logger": SILENT, "transactional.id": name, "transaction.timeout.ms": 60_000}
    stranger = producer(site.settings, "stranger", **quiet)
    stranger.init_transactions(ANSWER_SECONDS)
    stranger.begin_transaction()
    stranger.produce(site.results, value, b"stranger", headers=[("ce_id", name.encode())])
    with suppress(KafkaException):  # it may be fenced already
        stranger.flush(ANSWER_SECONDS)
    return stranger


def commits(stranger: Producer) -> bool:
    """Whether its transaction is committed after all."""
    try:
        stranger.commit_transaction(ANSWER_SECONDS)
    except KafkaException:
        return False
    return True


TRIAL = Trial(
    code="R6",
    name="zombies and hijackers",
    run=run,
    scales={
        "short": Scale(
            rounds=1, sizes={"zombies": 1, "hijacks": 1}, least={"zombies": 1, "hijacked slots": 1, "succeeded": 100}
        ),
        "full": Scale(
            rounds=5,
            sizes={"zombies": 2, "hijacks": 2},
            least={"zombies": 10, "hijacked slots": 10, "succeeded": 5_000},
        ),
    },
)
