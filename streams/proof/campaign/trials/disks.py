"""R13: no room on the broker's disk, or on the workers': nothing is lost, and all goes on once there is room again.

Kafka itself dies of a full disk: whoever makes room starts it again, and so does this trial.
"""

import time
from contextlib import ExitStack
from random import Random

from streams.proof.campaign.ground import Ground
from streams.proof.campaign.scene import Demand, Scene
from streams.proof.campaign.tally import Tally, total
from streams.proof.campaign.trial import Round, Scale, Trial
from streams.proof.disk import Disk
from streams.proof.site import Site
from streams.proof.works import FORGIVING
from streams.settings import Settings
from streams.stack import kafka, service
from streams.stack.layout import Layout
from streams.stack.testing import StackForTests

BROKER_MEGABYTES, WORKER_MEGABYTES = 192, 16
DEATH_SECONDS = 30.0
MEANWHILE = 2_000
"""So many requests are answered while a disk of the workers is full: enough for a checkpoint to come due."""
RATE = 1_000.0
FOLDERS = ("checkpoints", "logs", ".")
"""Of the workers' directory: the last is all of it, their locks and addresses too."""


def run(ground: Ground, one: Round) -> Tally:
    """Each disk in turn, under a load of its own."""
    tallies = [of_broker(ground, one)]
    return total([*tallies, *(of_workers(ground, one, folder) for folder in FOLDERS)])


def of_broker(ground: Ground, one: Round) -> Tally:
    """The directory of Kafka's logs is full while requests flow."""
    stack = StackForTests.on_free_ports(ground.new_folder(), ground.jars)
    with Disk(Layout.of(stack.settings.stack).kafka_data, BROKER_MEGABYTES) as disk, ExitStack() as context:
        context.callback(ground.discard, stack)
        stack.up()
        _, scene = made(stack.settings, one)
        with scene:
            for _ in scene.spread(one.count("times")):
                disk.fill()
                died = wait_for_death(stack.settings)
                one.say(f"the broker's disk is full, and {'it died of it' if died else 'it lives'}")
                disk.make_room()
                stack.up()
            scene.finish()
        return scene.tally(faults=one.count("times"), figures={"full disks of brokers": one.count("times")})


def wait_for_death(settings: Settings) -> bool:
    """Blocks until Kafka is dead; one that has not died of it in a while is killed. Whether it died by itself."""
    root, deadline = Layout.of(settings.stack).root, time.monotonic() + DEATH_SECONDS
    while (running := service.find(kafka.NAME, root)) is not None:
        if time.monotonic() > deadline:
            running.process.kill()
            running.process.wait(10)
            return False
        time.sleep(0.1)
    return True


def of_workers(ground: Ground, one: Round, folder: str) -> Tally:
    """A part of the workers' directory is full while requests flow, and a worker dies and comes again meanwhile."""
    site, scene = made(ground.settings, one)
    times = one.count("times")
    with Disk(site.settings.stack.directory / folder, WORKER_MEGABYTES) as disk:
        with scene:
            for number in scene.spread(times):
                disk.fill()
                one.say(f"the workers' {folder} is full")
                scene.supervisor.kill(number % 2)
                scene.go_on(MEANWHILE)
                disk.make_room()
            scene.finish()
        unwritten = sum(
            scene.supervisor.log_of(slot).read_text(errors="replace").count("a checkpoint was not written")
            for slot in scene.supervisor.slots()
        )
        figures = {f"full {folder}": times, "checkpoints not written": unwritten}
        return scene.tally(kills=times, faults=times, figures=figures)


def made(settings: Settings, one: Round) -> tuple[Site, Scene]:
    """A site and its load, two workers, and partitions few enough that each one's checkpoint comes due."""
    site = Site.made(settings, topics={"partitions": 2})
    demand = Demand(one.count("requests"), Random(one.seed), rate=RATE)
    return site, Scene(site, demand, workers=2, policy=FORGIVING, settle_seconds=90.0)


TRIAL = Trial(
    code="R13",
    name="full disks",
    run=run,
    scales={
        "short": Scale(
            rounds=1,
            sizes={"requests": 6_000, "times": 1},
            least={"succeeded": 24_000, "faults": 4},
            most={"longest_stall": 60},
        ),
        "full": Scale(
            rounds=1,
            sizes={"requests": 20_000, "times": 3},
            least={"succeeded": 80_000, "faults": 12},
            most={"longest_stall": 60},
        ),
    },
    needs_root="file systems of its own",
)
