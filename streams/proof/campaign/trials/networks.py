"""R9: a bad network between workers and their broker: slow, narrow, torn, cut, silent; and a broker that stands still.

Each worker has a way of its own to the broker: half of the faults strike one of them, so that the others take over what
it still believes to have; half strike all.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from random import Random

from streams.proof.campaign.ground import Ground
from streams.proof.campaign.scene import ENDLESS, Demand, Scene
from streams.proof.campaign.tally import Tally
from streams.proof.campaign.trial import Round, Scale, Trial
from streams.proof.outages import paused
from streams.proof.proxy import FrameProxy
from streams.proof.site import Site, environment
from streams.proof.toxics import Bandwidth, Latency, Slicer, Stall, Timeout, Toxic
from streams.proof.works import FORGIVING
from streams.settings import Settings, override
from streams.testing import eventually

WORKERS = 2
RATE = 500.0
LASTS = 0.6
"""Which part of its period a fault lasts."""
RESET_SECONDS = 0.5
PAUSE = "pause"
KINDS = ("latency", "bandwidth", "slicer", "timeout", "stall", "down", "resets", PAUSE)


def run(ground: Ground, one: Round) -> Tally:
    """A load of so many seconds, a fault in each period, then a partition of everybody, if it is to have one."""
    random = Random(one.seed)
    site = Site.made(ground.settings)
    plan = drawn(random, KINDS, one.count("faults"))
    scene = Scene(site, Demand(ENDLESS, random, rate=RATE), slots=range(WORKERS), policy=FORGIVING)
    with ExitStack() as context:
        ways = [context.enter_context(FrameProxy(ground.settings.kafka.bootstrap_servers)) for _ in range(WORKERS)]
        context.enter_context(scene)
        lead(scene, ways)
        scene.reach(RATE)
        for kind in plan:
            struck = ways if random.random() < 0.5 else [random.choice(ways)]
            one.say(f"{kind} for {len(struck)} of {len(ways)} workers, {scene.answered} requests are answered")
            strike(kind, struck, ground.settings, random, one.sizes["period"])
        if one.count("partition"):
            with under(ways, Stall):
                time.sleep(one.sizes["partition"])
        scene.cease()
        deaths = sum(scene.supervisor.restarts().values()) - WORKERS
    return scene.tally(
        faults=len(plan) + bool(one.count("partition")),
        figures={**{kind: plan.count(kind) for kind in KINDS}, "workers that ended": deaths},
    )


def drawn(random: Random, kinds: Sequence[str], count: int) -> list[str]:
    """So many faults: no kind twice before every kind was once."""
    found: list[str] = []
    while len(found) < count:
        found += random.sample(kinds, len(kinds))
    return found[:count]


def lead(scene: Scene, ways: Sequence[FrameProxy]) -> None:
    """Has each slot's worker start again, on its own way to the broker."""
    for slot, way in enumerate(ways):
        scene.supervisor.revive(slot, reached_by(scene.site.settings, way.bootstrap))
        eventually(lambda slot=slot: scene.supervisor.kill(slot), what="a worker to lead")  # type: ignore[misc]


def reached_by(settings: Settings, address: str) -> Mapping[str, str]:
    """The variables of a process that reaches the broker at another address."""
    kafka = settings.kafka.model_copy(update={"bootstrap_servers": address})
    variable = "SLUICEGATE_KAFKA"
    return {variable: environment(override(settings, {"kafka": kafka}))[variable]}


def strike(kind: str, ways: Sequence[FrameProxy], settings: Settings, random: Random, period: float) -> None:
    """One fault, and the rest of its period without. Blocks for the period."""
    with under_fault(kind, ways, settings, random):
        end = time.monotonic() + period * LASTS
        while (left := end - time.monotonic()) > 0:
            if kind == "resets":
                for way in ways:
                    way.drop_all(reset=True)
            time.sleep(min(left, RESET_SECONDS))
    time.sleep(period * (1 - LASTS))


@contextmanager
def under_fault(kind: str, ways: Sequence[FrameProxy], settings: Settings, random: Random) -> Iterator[None]:
    """The fault of this kind, as long as the context lasts."""
    drawn_by = Random(random.random())
    toxics: Mapping[str, type[Toxic] | Toxic] = {
        "latency": Latency(100, 20, drawn_by),
        "bandwidth": Bandwidth(40),
        "slicer": Slicer(256, 128, 500, drawn_by),
        "timeout": Timeout,
        "stall": Stall,
    }
    with ExitStack() as context:
        if kind == PAUSE:
            context.enter_context(paused(settings))
        elif kind == "down":
            for way in ways:
                context.enter_context(way.down())
        elif kind in toxics:
            context.enter_context(under(ways, toxics[kind]))
        yield


@contextmanager
def under(ways: Sequence[FrameProxy], toxic: type[Toxic] | Toxic) -> Iterator[None]:
    """All of these ways under a toxic."""
    with ExitStack() as context:
        for way in ways:
            context.enter_context(way.under(toxic if isinstance(toxic, Toxic) else toxic()))
        yield


TRIAL = Trial(
    code="R9",
    name="bad network",
    run=run,
    scales={
        "short": Scale(
            rounds=1,
            sizes={"faults": 5, "period": 6, "partition": 0},
            least={"succeeded": 10_000, "faults": 5},
            most={"longest_stall": 20},
        ),
        "full": Scale(
            rounds=1,
            sizes={"faults": 20, "period": 15, "partition": 60},
            least={"succeeded": 100_000, "faults": 21},
            most={"longest_stall": 90},
        ),
    },
)
