"""R2: the broker is killed, or stopped in order, while requests flow of which many are taken back again."""

from random import Random

from streams.proof.campaign.ground import Ground
from streams.proof.campaign.scene import Demand, Scene
from streams.proof.campaign.tally import Tally
from streams.proof.campaign.trial import Round, Scale, Trial
from streams.proof.outages import restart
from streams.proof.site import Site
from streams.proof.transactional_load import TransactionalLoad

RATE = 1_000.0


def run(ground: Ground, one: Round) -> Tally:
    """One load under so many hard and clean restarts of the only broker, in an order that the seed gives.

    How long Kafka itself takes to start, which depends on the machine, is no part of a stall.
    """
    random = Random(one.seed)
    ends = [True] * one.count("hard") + [False] * one.count("clean")
    random.shuffle(ends)
    with ground.stack() as stack:
        site = Site.made(stack.settings)
        demand = Demand(one.count("requests"), random, rate=RATE)
        scene = Scene(site, demand, workers=2, sender=TransactionalLoad, settle_seconds=90.0)
        with scene:
            for number in scene.spread(len(ends)):
                with scene.outage():
                    restart(stack, hard=ends[number])
            scene.finish()
        return scene.tally(faults=len(ends), figures=figures(ends, scene.load))


def figures(ends: list[bool], load: object) -> dict[str, float]:
    """What this trial counts beside the rest."""
    assert isinstance(load, TransactionalLoad)
    return {"hard": sum(ends), "clean": len(ends) - sum(ends), "requests taken back": load.aborted}


TRIAL = Trial(
    code="R2",
    name="broker killed",
    run=run,
    scales={
        "short": Scale(
            rounds=1,
            sizes={"requests": 4_000, "hard": 2, "clean": 1},
            least={"succeeded": 4_000, "hard": 2, "clean": 1, "requests taken back": 1_000},
            most={"longest_stall": 20},
        ),
        "full": Scale(
            rounds=5,
            sizes={"requests": 8_000, "hard": 3, "clean": 1},
            least={"succeeded": 40_000, "hard": 15, "clean": 5, "requests taken back": 10_000},
            most={"longest_stall": 20},
        ),
    },
)
