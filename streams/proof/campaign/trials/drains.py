"""R20: a worker is asked to stop (SIGTERM) in the middle of its work: it ends soon, well, and leaves nothing open."""

import signal
import time
from random import Random

from streams.exit_codes import ExitCode
from streams.proof.campaign.ground import Ground
from streams.proof.campaign.scene import ENDLESS, Demand, Scene
from streams.proof.campaign.tally import Tally
from streams.proof.campaign.trial import Round, Scale, Trial
from streams.proof.roster import Roster
from streams.proof.site import Site
from streams.proof.works import FORGIVING

RATE = 1_000.0
GOAL_SECONDS = 10.0


def run(ground: Ground, one: Round) -> Tally:
    """So many drains of the only worker while requests flow, each at a moment that the seed gives."""
    random = Random(one.seed)
    site = Site.made(ground.settings)
    took: list[float] = []
    codes: list[int | None] = []
    left_open = 0
    with Scene(site, Demand(ENDLESS, random, rate=RATE), slots=(0,), policy=FORGIVING) as scene:
        roster = Roster(site, scene.supervisor)
        for _ in range(one.count("drains")):
            # What is sent from now on is answered by the worker that is there now.
            scene.reach(scene.load.sent + random.randint(1, 500))
            began = time.monotonic()
            roster.retire(0, signal.SIGTERM)
            took.append(time.monotonic() - began)
            codes.append(scene.supervisor.codes()[0])
            left_open += len(scene.unsettled())
            roster.join(0)
        scene.cease()
    wrong = [code for code in codes if code != ExitCode.OK]
    return scene.tally(
        faults=len(took),
        figures={"longest drain": max(took), "drains that left a transaction open": left_open},
        problems=[f"drained workers ended with {wrong}"] if wrong else (),
    )


MOST = {"longest drain": GOAL_SECONDS, "drains that left a transaction open": 0}
TRIAL = Trial(
    code="R20",
    name="drains",
    run=run,
    scales={
        "short": Scale(rounds=1, sizes={"drains": 3}, least={"faults": 3, "succeeded": 100}, most=MOST),
        "full": Scale(rounds=5, sizes={"drains": 10}, least={"faults": 50, "succeeded": 5_000}, most=MOST),
    },
)
