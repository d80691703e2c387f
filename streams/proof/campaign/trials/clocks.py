"""R12: one worker's clock is wrong, by hours ahead or behind, or jumps to and fro."""

import time
from random import Random

from streams.proof import clock
from streams.proof.campaign.ground import Ground
from streams.proof.campaign.scene import ENDLESS, Demand, Scene
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
KINDS = (STROBE, "far ahead", "behind", "ahead", "far behind")
STROBE_SECONDS = 0.005
HELD_SECONDS, RIGHT_SECONDS = 2.0, 1.0
DEADLINE_SECONDS = 120.0
RATE = 500.0


class Urgent(Load):
    """A load of requests that must be answered within a time: by the true clock, all of them can be."""

    def headers(self) -> list[tuple[str, bytes]]:
        """A deadline."""
        return [("deadline", str(round((time.time() + DEADLINE_SECONDS) * 1_000)).encode())]


def run(ground: Ground, one: Round) -> Tally:
    """One load, and so many steps, each of one worker's clock and back again."""
    random = Random(one.seed)
    wrong = Clock(ground.new_folder())
    site = Site.made(ground.settings)
    kinds = [KINDS[number % len(KINDS)] for number in range(one.count("steps"))]
    demand = Demand(ENDLESS, random, rate=RATE)
    scene = Scene(site, demand, sender=Urgent, environment=wrong.variables, policy=FORGIVING)
    with scene:
        scene.reach(RATE)
        for kind in kinds:
            slot = random.choice(scene.supervisor.slots())
            one.say(f"the clock of worker {slot}: {kind}; {scene.answered} requests are answered")
            step(wrong, kind, worker(scene, slot), random)
            time.sleep(RIGHT_SECONDS)
        scene.cease()
        deaths = sum(scene.supervisor.restarts().values())
    counts = {kind: kinds.count(kind) for kind in KINDS}
    return scene.tally(faults=len(kinds), figures={**counts, "workers that ended": deaths})


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
            sizes={"steps": 3},
            least={"succeeded": 2_000, "faults": 3},
            most={"longest_stall": 10},
        ),
        "full": Scale(
            rounds=2,
            sizes={"steps": 10},
            least={"succeeded": 20_000, "faults": 20},
            most={"longest_stall": 10},
        ),
    },
    lacks=lacks,
)
