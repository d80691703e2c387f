"""R9P: packets between workers and broker are lost, doubled, disordered, or do not pass at all."""

import time
from contextlib import ExitStack
from random import Random

from streams.proof.campaign.ground import Ground
from streams.proof.campaign.scene import ENDLESS, Demand, Scene
from streams.proof.campaign.tally import Tally
from streams.proof.campaign.trial import Round, Scale, Trial
from streams.proof.campaign.trials.networks import LASTS, RATE, WORKERS, drawn, lead
from streams.proof.packets import FAIR, TUN, Packets, Weather
from streams.proof.proxy import FrameProxy
from streams.proof.site import Site
from streams.proof.works import FORGIVING

PARTITION = Weather(loss=1.0)
KINDS = {
    "partition": PARTITION,
    "5 % lost": Weather(loss=0.05),
    "disorder": Weather(jitter=0.05),
    "20 % lost": Weather(loss=0.2),
    "5 % doubled": Weather(doubled=0.05, jitter=0.01),
}


def run(ground: Ground, one: Round) -> Tally:
    """A load of so many seconds, a fault in each period, then a partition of everybody, if it is to have one."""
    random = Random(one.seed)
    site = Site.made(ground.settings)
    plan = drawn(random, tuple(KINDS), one.count("faults"))
    scene = Scene(site, Demand(ENDLESS, random, rate=RATE), slots=range(WORKERS), policy=FORGIVING)
    with ExitStack() as context:
        networks = [context.enter_context(Packets(Random(random.random()))) for _ in range(WORKERS)]
        address = ground.settings.kafka.bootstrap_servers
        ways = [FrameProxy(address, network.listening, network.host) for network in networks]
        for way in ways:
            context.enter_context(way)
        context.enter_context(scene)
        lead(scene, ways)
        scene.reach(RATE)
        for kind in plan:
            struck = networks if random.random() < 0.5 else [random.choice(networks)]
            one.say(f"{kind} for {len(struck)} of {WORKERS} workers, {scene.answered} requests are answered")
            under(struck, KINDS[kind], one.sizes["period"] * LASTS)
            time.sleep(one.sizes["period"] * (1 - LASTS))
        if one.count("partition"):
            under(networks, PARTITION, one.sizes["partition"])
        scene.cease()
        deaths = sum(scene.supervisor.restarts().values()) - WORKERS
        lost = sum(network.lost for network in networks)
    return scene.tally(
        faults=len(plan) + bool(one.count("partition")),
        figures={**{kind: plan.count(kind) for kind in KINDS}, "packets lost": lost, "workers that ended": deaths},
    )


def under(networks: list[Packets], weather: Weather, seconds: float) -> None:
    """These networks in this weather for a time. Blocks."""
    for network in networks:
        network.weather = weather
    time.sleep(seconds)
    for network in networks:
        network.weather = FAIR


def lacks() -> str:
    """The kernel must have tun devices."""
    return "" if TUN.exists() else f"{TUN}"


TRIAL = Trial(
    code="R9P",
    name="packets lost",
    run=run,
    scales={
        "short": Scale(
            rounds=1,
            sizes={"faults": 3, "period": 5, "partition": 0},
            least={"succeeded": 5_000, "faults": 3, "packets lost": 1},
            most={"longest_stall": 20},
        ),
        "full": Scale(
            rounds=1,
            sizes={"faults": 10, "period": 15, "partition": 60},
            least={"succeeded": 50_000, "faults": 11, "packets lost": 100},
            most={"longest_stall": 90},
        ),
    },
    needs_root="a network namespace",
    lacks=lacks,
)
