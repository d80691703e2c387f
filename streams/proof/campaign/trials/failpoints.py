"""R5: a worker dies before and after every step of a record's way."""

from random import Random

from streams.failpoints import NAMES
from streams.proof.campaign.ground import Ground
from streams.proof.campaign.scene import ENDLESS, Demand, Scene
from streams.proof.campaign.tally import Tally
from streams.proof.campaign.trial import Round, Scale, Trial
from streams.proof.roster import Roster
from streams.proof.site import Site
from streams.proof.works import FORGIVING

RATE = 200.0
LATEST_PASSAGE = 6
STEPS = [name for name in NAMES if not name.startswith("revoke")]
REVOCATIONS = [name for name in NAMES if name.startswith("revoke")]


def run(ground: Ground, one: Round) -> Tally:
    """One death at each failpoint, in an order and at passages that the seed gives."""
    random = Random(one.seed)
    site = Site.made(ground.settings, lane={"batch": {"size": 8}})
    with Scene(site, Demand(ENDLESS, random, rate=RATE), slots=(0, 1), policy=FORGIVING) as scene:
        deaths = Deaths(scene)
        deaths.roster.retire(1)
        for name in random.sample(STEPS, len(STEPS)):
            deaths.at(name, random.randint(1, LATEST_PASSAGE))
        for name in random.sample(REVOCATIONS, len(REVOCATIONS)):
            deaths.giving_up(name)
        scene.cease()
    return scene.tally(kills=len(deaths.dead), faults=len(deaths.dead))


class Deaths:
    """Workers in slot 0 of a scene that die at a failpoint, each of them replaced; `dead` are their failpoints."""

    def __init__(self, scene: Scene) -> None:
        self._scene, self.roster = scene, Roster(scene.site, scene.supervisor)
        self.dead: list[str] = []

    def at(self, name: str, passage: int) -> None:
        """Dies at the passage of a step; blocks until its successor answers. Raises NeverCame, Stuck."""
        self._die(name, self.roster.arm(0, f"{name}:{passage}:kill"))

    def giving_up(self, name: str) -> None:
        """Dies while it gives partitions up to a worker that joins in slot 1."""
        self.roster.retire(1)
        self.roster.owned_by(0)
        armed = self.roster.arm(0, f"{name}:1:kill")
        self._more()
        self.roster.join(1)
        self._die(name, armed)
        self.roster.owned_by(0, 1)

    def _die(self, name: str, armed: int) -> None:
        self.roster.succeeded(0, armed)
        self.dead.append(name)
        if self.roster.said(0).count(f"failpoint {name}: kill") != self.dead.count(name):
            raise AssertionError(f"the worker ended, and not at {name}")
        self._more()

    def _more(self) -> None:
        """Blocks until no partition lags behind: each death finds a lane at work, not one that is still recovering."""
        self._scene.catch_up()


TRIAL = Trial(
    code="R5",
    name="every failpoint",
    run=run,
    scales={
        "short": Scale(rounds=1, least={"kills": len(NAMES)}),
        "full": Scale(rounds=20, least={"kills": 20 * len(NAMES)}),
    },
)
