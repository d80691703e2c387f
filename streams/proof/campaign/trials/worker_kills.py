"""R1: workers are killed at random moments, a third of them inside a transaction that is open."""

from streams.proof.campaign.ground import Ground
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
    """What both readers saw, the one that was there all the while and the one that came afterwards."""
    verdicts = (report.verdict, report.again)
    return Tally(
        succeeded=min(verdict.asked - verdict.missing for verdict in verdicts),
        kills=report.deaths,
        faults=len(report.faults),
        duplicates=max(verdict.duplicates for verdict in verdicts),
        missing=max(verdict.missing for verdict in verdicts),
        disorders=max(verdict.disorders for verdict in verdicts),
        wrong=max(verdict.wrong + verdict.strangers for verdict in verdicts),
        open_transactions=len(report.open_transactions) + len(report.unsettled),
        longest_stall=report.verdict.longest_gap,
        figures={
            "rebalances": report.rebalances,
            "kills inside a transaction": sum(fault.startswith("within") for fault in report.faults),
        },
        problems=tuple(example for verdict in verdicts for example in verdict.examples),
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
