"""R12: one worker's clock is wrong, by hours ahead or behind, or jumps to and fro."""

import time
from random import Random

from streams.proof import clock
from streams.proof.campaign.ground import Ground
from streams.proof.campaign.scene import Demand, Scene
from streams.proof.campaign.tally import Tally
from streams.proof.campaign.trial import Round, Scale, Trial
from streams.proof.clock import Clock
from streams.proof.load import Load
from streams.proof.site import Site
from streams.proof.works import FORGIVING
from streams.testing import eventually

HOUR = 3_600.0
STEPS = {"ahead": HOUR, "far ahead": 2.5 * HOUR, "behind": -HOUR, "far behind": -2.5 * HOUR}
STROBE = "strobing"
KINDS = (STROBE, "ahead", "behind", "far ahead", "far behind")
STROBE_SECONDS = 0.005
HELD_SECONDS = 1.0
DEADLINE_SECONDS = 120.0
RATE = 1_000.0


class Urgent(Load):
    """A load of requests that must be answered within a time: by the true clock, all of them can be."""

    def headers(self) -> list[tuple[str, bytes]]:
        """A deadline."""
        return [("deadline", str(round((time.time() + DEADLINE_SECONDS) * 1_000)).encode())]


def run(ground: Ground, one: Round) -> Tally:
    """One load under so many steps, each of one worker's clock and back again."""
    random = Random(one.seed)
    wrong = Clock(ground.new_folder())
    site = Site.made(ground.settings)
    count = one.count("steps")
    demand = Demand(one.count("requests"), random, rate=RATE)
    scene = Scene(site, demand, sender=Urgent, environment=wrong.variables, policy=FORGIVING)
    with scene:
        for number in scene.spread(count):
            kind = KINDS[number % len(KINDS)]
            slot = random.choice(scene.supervisor.slots())
            one.say(f"the clock of worker {slot}: {kind}")
            step(wrong, kind, worker(scene, slot), random)
        scene.finish()
        deaths = sum(scene.supervisor.restarts().values())
    kinds = {kind: sum(KINDS[number % len(KINDS)] == kind for number in range(count)) for kind in KINDS}
    return scene.tally(faults=count, figures={**kinds, "workers that ended": deaths})


def worker(scene: Scene, slot: int) -> int:
    """The pid of the worker in a slot; waits for one."""
    return eventually(lambda: scene.supervisor.pids().get(slot, 0), within=30, what=f"a worker in slot {slot}")


def step(wrong: Clock, kind: str, pid: int, random: Random) -> None:
    """Sets the clock, holds it there for a moment, and sets it right. Blocks."""
    end = time.monotonic() + HELD_SECONDS
    while (left := end - time.monotonic()) > 0:
        wrong.set(pid, random.choice((-HOUR, 0.0, HOUR)) if kind == STROBE else STEPS[kind])
        time.sleep(min(left, STROBE_SECONDS) if kind == STROBE else left)
    wrong.set_right()


def lacks() -> str:
    """A compiler makes the library that a wrong clock needs."""
    return "" if clock.compiler() else "a C compiler"


TRIAL = Trial(
    code="R12",
    name="wrong clocks",
    run=run,
    scales={
        "short": Scale(
            rounds=1,
            sizes={"requests": 6_000, "steps": 3},
            least={"succeeded": 6_000, "faults": 3},
            most={"longest_stall": 10},
        ),
        "full": Scale(
            rounds=2,
            sizes={"requests": 25_000, "steps": 10},
            least={"succeeded": 50_000, "faults": 20},
            most={"longest_stall": 10},
        ),
    },
    lacks=lacks,
)
