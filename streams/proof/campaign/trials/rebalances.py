"""R8: workers come and go, one after the other, while a batch that was read before is still on its way."""

import signal
from pathlib import Path
from random import Random

from streams.failpoints import HOLD_VARIABLE
from streams.proof import aftermath
from streams.proof.campaign.ground import Ground
from streams.proof.campaign.scene import ENDLESS, Demand, Scene
from streams.proof.campaign.tally import Tally
from streams.proof.campaign.trial import Round, Scale, Trial
from streams.proof.roster import Roster
from streams.proof.site import Site
from streams.proof.works import FORGIVING
from streams.testing import eventually

SLOTS = (0, 1, 2)
SIZES = (2, 3, 2, 1)
"""From one worker to three and back: how many there are after each change."""
BURST = 80
HELD = "failpoint infer.after: hold"


def run(ground: Ground, one: Round) -> Tally:
    """Changes of the group's size in turn; at each of them a worker holds a batch of its partitions."""
    random = Random(one.seed)
    site = Site.made(ground.settings, worker={"revoke_seconds": 0.4})
    with Scene(site, Demand(ENDLESS, random), slots=SLOTS, policy=FORGIVING) as scene:
        changes = Changes(scene, ground.new_folder() / "hold", random)
        for number in range(one.count("changes")):
            changes.make(SIZES[number % len(SIZES)])
        scene.cease()
    rebalances = aftermath.generations(site.settings, site.binding.group) - 1
    return scene.tally(
        faults=changes.done,
        figures={
            "rebalances": rebalances,
            "stale batches of kept partitions": changes.kept,
            "stale batches of lost partitions": changes.lost,
        },
    )


class Changes:
    """Changes of the number of a scene's workers, and how many partitions of held batches were kept and lost.

    While the file `hold` is there, the worker that is told so holds its batch.
    """

    def __init__(self, scene: Scene, hold: Path, random: Random) -> None:
        self._scene, self._hold, self._random = scene, hold, random
        self._roster = Roster(scene.site, scene.supervisor)
        self._present = [SLOTS[0]]
        scene.load.allowed = BURST
        for slot in SLOTS[1:]:
            self._roster.retire(slot)
        self._roster.owned_by(*self._present)
        self.done = self.kept = self.lost = 0

    def make(self, size: int) -> None:
        """Brings the group to this size while a batch is held; blocks until all is answered."""
        goes = self._random.choice(self._present) if size < len(self._present) else None
        holder = self._random.choice([slot for slot in self._present if slot != goes])
        before = self._hold_a_batch(holder)
        if goes is None:
            comes = min(set(SLOTS) - set(self._present))
            self._roster.join(comes)
            self._present.append(comes)
        else:
            self._roster.retire(goes, self._random.choice((signal.SIGKILL, signal.SIGTERM)))
            self._present.remove(goes)
        self._roster.owned_by(*self._present)
        after = self._owned(holder)
        self.kept += len(before & after)
        self.lost += len(before - after)
        self.done += 1
        self._hold.unlink()
        self._settle()

    def _hold_a_batch(self, holder: int) -> set[tuple[str, int]]:
        """Has a worker hold a batch, and what it read behind that; its partitions of which there is any of it."""
        self._settle()
        self._hold.touch()
        held = self._roster.said(holder).count(HELD)
        self._roster.arm(holder, "infer.after:1:hold", **{HOLD_VARIABLE: str(self._hold)})
        self._scene.load.allowed += BURST
        eventually(lambda: self._roster.said(holder).count(HELD) > held, within=30, what="a batch that is held")
        eventually(
            lambda: len(self._scene.load.places) >= self._scene.load.sent, within=30, what="the rest of the load"
        )
        return self._owned(holder) & self._unanswered()

    def _settle(self) -> None:
        """Blocks until all that may be sent is sent and answered."""
        load = self._scene.load
        load.allowed = load.sent + BURST
        eventually(lambda: load.sent >= load.allowed, within=30, what="the load")
        self._scene.reach(load.sent)

    def _unanswered(self) -> set[tuple[str, int]]:
        places = [place for place in self._scene.load.places.values() if place not in self._scene.ledger.answered]
        return {(topic, int(number)) for topic, number, _ in (place.rsplit(":", 2) for place in places)}

    def _owned(self, slot: int) -> set[tuple[str, int]]:
        return {place for place, owner in self._roster.owners().items() if owner == slot}


TRIAL = Trial(
    code="R8",
    name="rebalances",
    run=run,
    scales={
        "short": Scale(
            rounds=1,
            sizes={"changes": 4},
            least={
                "faults": 4,
                "rebalances": 4,
                "stale batches of kept partitions": 1,
                "stale batches of lost partitions": 1,
            },
        ),
        "full": Scale(
            rounds=8,
            sizes={"changes": 4},
            least={
                "faults": 30,
                "rebalances": 30,
                "stale batches of kept partitions": 30,
                "stale batches of lost partitions": 10,
            },
        ),
    },
)
