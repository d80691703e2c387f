"""R3: of three brokers the one dies that leads the requests, the transactions or the group; the others go on."""

from random import Random

from streams.proof.campaign.ground import Ground
from streams.proof.campaign.scene import Demand, Scene
from streams.proof.campaign.tally import Tally
from streams.proof.campaign.trial import Round, Scale, Trial
from streams.proof.cluster import Cluster, coordinated_by
from streams.proof.site import Site
from streams.slots import transactional_ids
from streams.stack.kafka import broker_properties

WORKERS = 2
RATE = 1_000.0
PROGRESS = 200
"""So many answers must come while a broker is away."""
ROLES = ("transactions", "requests", "group")


def run(ground: Ground, one: Round) -> Tally:
    """One load under so many kills of leaders; each comes back, and is whole again, before the next one dies."""
    random = Random(one.seed)
    longest = 0.0
    with ground.cluster() as cluster:
        site = Site.made(cluster.settings)
        scene = Scene(site, Demand(one.count("requests"), random, rate=RATE), workers=WORKERS, settle_seconds=90.0)
        roles = [ROLES[number % len(ROLES)] for number in range(one.count("kills"))]
        with scene:
            for number in scene.spread(len(roles)):
                node = leader(cluster, site, roles[number], random)
                one.say(f"node {node} dies, which leads the {roles[number]}; {scene.answered} requests are answered")
                cluster.kill(node)
                scene.go_on(PROGRESS)
                cluster.start(node)
                cluster.wait_ready(node)
                longest = max(longest, cluster.wait_in_sync())
            scene.finish()
        figures = {**{f"leaders of {role}": roles.count(role) for role in ROLES}, "longest catching up": longest}
        return scene.tally(faults=len(roles), figures=figures)


def leader(cluster: Cluster, site: Site, role: str, random: Random) -> int:
    """The node that leads a partition of this role which is at work."""
    group = site.binding.group
    if role == "requests":
        return cluster.leader(site.requests, random.randrange(site.settings.topics.partitions))
    if role == "group":
        return coordinator(cluster, "offsets.topic", "__consumer_offsets", group)
    identity = random.choice(transactional_ids(group, random.randrange(WORKERS)))
    return coordinator(cluster, "transaction.state.log", "__transaction_state", identity)


def coordinator(cluster: Cluster, name: str, topic: str, identity: str) -> int:
    """The node that coordinates this group or transactional id; `name` is the topic's in the brokers' properties."""
    partitions = int(broker_properties(cluster.settings)[f"{name}.num.partitions"])
    return cluster.leader(topic, coordinated_by(identity, partitions))


TRIAL = Trial(
    code="R3",
    name="leaders of three brokers killed",
    run=run,
    scales={
        "short": Scale(
            rounds=1,
            sizes={"requests": 4_000, "kills": 2},
            least={"succeeded": 4_000, "faults": 2},
            most={"longest_stall": 30},
        ),
        "full": Scale(
            rounds=3,
            sizes={"requests": 10_000, "kills": 3},
            least={"succeeded": 30_000, "faults": 9},
            most={"longest_stall": 30},
        ),
    },
)
