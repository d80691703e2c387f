"""R1B: workers, and the processes that run models, are killed from outside: no request is blamed for it."""

import json
from random import Random

from processors.testing import Slow
from streams.crew import Crew
from streams.proof import odd_worker
from streams.proof.campaign.ground import Ground
from streams.proof.campaign.scene import ENDLESS, Demand, Scene
from streams.proof.campaign.tally import Tally
from streams.proof.campaign.trial import Round, Scale, Trial
from streams.proof.roster import Roster
from streams.proof.saga_storm import hosts
from streams.proof.site import Site
from streams.proof.works import FORGIVING
from streams.testing import eventually

RATE = 400.0
BATCH, BATCH_SECONDS = 16, "0.02"


def run(ground: Ground, one: Round) -> Tally:
    """A worker with a slow model in a host of its own; one of the two is killed, again and again."""
    random = Random(one.seed)
    site, folder = Site.made(ground.settings), ground.new_folder()
    orders = folder / "orders.json"
    chosen = {"kind": Slow.__name__, "options": {"seconds": BATCH_SECONDS}, "size": BATCH, "timeout_seconds": 5}
    orders.write_text(json.dumps(chosen))
    crew = Crew(
        logs=folder,
        entry=f"{odd_worker.__name__}:{odd_worker.work.__name__}",
        arguments={"orders": str(orders)},
        environment=site.environment,
    )
    struck = {"workers": 0, "hosts": 0}
    scene = Scene(site, Demand(ENDLESS, random, rate=RATE), slots=(0,), crew=crew, policy=FORGIVING)
    with scene:
        for _ in range(one.count("kills")):
            scene.reach(scene.answered + random.randint(1, 100))
            struck[kill(scene, random)] += 1
        scene.cease()
    return scene.tally(
        kills=sum(struck.values()),
        faults=sum(struck.values()),
        figures={f"{what} killed": count for what, count in struck.items()},
    )


def kill(scene: Scene, random: Random) -> str:
    """SIGKILL for the worker, or for its host; which of them."""
    if random.random() < 0.5:
        roster = Roster(scene.site, scene.supervisor)
        pid = roster.pid(0)
        scene.supervisor.kill(0)
        roster.succeeded(0, pid)
        return "workers"
    eventually(lambda: hosts(scene.supervisor), what="a host")[0].kill()
    return "hosts"


TRIAL = Trial(
    code="R1B",
    name="hosts killed",
    run=run,
    scales={
        "short": Scale(rounds=1, sizes={"kills": 4}, least={"kills": 4, "succeeded": 100}),
        "full": Scale(rounds=4, sizes={"kills": 25}, least={"kills": 100, "succeeded": 2_000}),
    },
)
