"""R7: what ends a transaction is delayed on the network, and arrives during the next one (KAFKA-17754)."""

from collections import Counter
from random import Random

from streams.proof import aftermath
from streams.proof.campaign.ground import Ground
from streams.proof.campaign.tally import Tally
from streams.proof.campaign.trial import Round, Scale, Trial
from streams.proof.late_end import TUNED, UNTUNED, LateEnd, Unguarded
from streams.proof.proxy import FrameProxy
from streams.stack.testing import StackForTests
from streams.transaction import Transactor

ABORTED = b"never"


def run(ground: Ground, one: Round) -> Tally:
    """So many late commits and late aborts, and one commit without the guard, which must show what was aborted."""
    random, stack = Random(one.seed), StackForTests(ground.settings)
    counts: Counter[str] = Counter()
    with FrameProxy(stack.bootstrap) as proxy:
        for number in range(one.count("late")):
            late = commit_late if number % 2 == 0 else abort_late
            counts += late(made(proxy, stack, random), random)
        seen = commit_late(made(proxy, stack, random, Unguarded, producers=1), random)["wrong"]
    return Tally(
        succeeded=counts["succeeded"],
        faults=counts["late"],
        duplicates=counts["duplicates"],
        missing=counts["missing"],
        wrong=counts["wrong"],
        open_transactions=len(aftermath.open_transactions(ground.settings, "late-")),
        figures={
            "late commits": counts["late commits"],
            "late aborts": counts["late aborts"],
            "aborted reads without the guard": seen,
        },
    )


def made(
    proxy: FrameProxy,
    stack: StackForTests,
    random: Random,
    kind: type[Transactor] = Transactor,
    producers: int | None = None,
) -> LateEnd:
    """A transactor on a topic of its own, tuned as ours are or not, with one producer or two that take turns."""
    tuned, count = random.choice((TUNED, UNTUNED)), producers or random.randint(1, 2)
    return LateEnd(kind, proxy, stack.bootstrap, stack.new_topic("late"), tuned=tuned, producers=count)


def commit_late(late: LateEnd, random: Random) -> Counter[str]:
    """A commit arrives again during a transaction that is given up, whose record nobody may see."""
    with late:
        late.lose_the_answer(b"one", reset=random.random() < 0.5)
        late.interrupt(ABORTED)
        late.commit(b"two")
        return counted(late, [b"one", b"two"], "late commits")


def abort_late(late: LateEnd, random: Random) -> Counter[str]:
    """What gives a transaction up arrives again during the next one, whose record must be seen once all the same."""
    with late:
        late.commit(b"one")
        late.interrupt(ABORTED, late=False)
        late.lose_the_abort(reset=random.random() < 0.5)
        late.commit_under_a_late_abort(b"two")
        late.persist(b"three")
        return counted(late, [b"one", b"two", b"three"], "late aborts")


def counted(late: LateEnd, right: list[bytes], kind: str) -> Counter[str]:
    """What a `read_committed` reader sees, held against what is right."""
    seen = Counter(late.committed.values())
    return Counter(
        {
            "succeeded": sum(value in seen for value in right),
            "duplicates": sum(count - 1 for value, count in seen.items() if value in right),
            "missing": sum(value not in seen for value in right),
            "wrong": sum(count for value, count in seen.items() if value not in right),
            "late": 1,
            kind: 1,
        }
    )


TRIAL = Trial(
    code="R7",
    name="late EndTxn",
    run=run,
    scales={
        "short": Scale(
            rounds=1,
            sizes={"late": 4},
            least={"succeeded": 10, "late commits": 2, "late aborts": 2, "aborted reads without the guard": 1},
        ),
        "full": Scale(
            rounds=5,
            sizes={"late": 10},
            least={"succeeded": 125, "late commits": 25, "late aborts": 25, "aborted reads without the guard": 5},
        ),
    },
)
