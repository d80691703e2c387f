"""R1: workers are killed at random moments, a third of them inside a transaction that is open."""

from streams.proof.campaign.ground import Ground
from streams.proof.campaign.scene import tally
from streams.proof.campaign.tally import Tally
from streams.proof.campaign.trial import Round, Scale, Trial
from streams.proof.crash import Report, attempt
from streams.proof.crash import Trial as Attempt


def run(ground: Ground, one: Round) -> Tally:
    """One load under so many kills, from one seed."""
    report = attempt(
        ground.settings, Attempt(one.count("requests"), one.count("kills"), one.seed, moves=one.count("moves"))
    )
    return tally_of(report)


def tally_of(report: Report) -> Tally:
    """The trial's report as the campaign counts."""
    return tally(
        report.verdict,
        report.again,
        len(report.open_transactions) + len(report.unsettled),
        kills=report.deaths,
        faults=len(report.faults),
        figures={
            "rebalances": report.rebalances,
            "kills inside a transaction": sum(fault.startswith("within") for fault in report.faults),
        },
        problems=report.crashes,
    )


TRIAL = Trial(
    code="R1",
    name="workers killed",
    run=run,
    scales={
        "short": Scale(
            rounds=1,
            sizes={"requests": 10_000, "kills": 10, "moves": 2},
            least={"succeeded": 10_000, "kills": 10, "kills inside a transaction": 1},
        ),
        "full": Scale(
            rounds=4,
            sizes={"requests": 30_000, "kills": 25, "moves": 3},
            least={"succeeded": 120_000, "kills": 100, "kills inside a transaction": 30},
        ),
    },
)
