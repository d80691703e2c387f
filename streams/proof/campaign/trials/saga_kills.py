"""R11: all who take part in sagas are killed while they run: no credit, document or compensation is lost or doubled."""

from streams.proof.campaign.ground import Ground
from streams.proof.campaign.tally import Tally
from streams.proof.campaign.trial import Round, Scale, Trial
from streams.proof.sagas import Report, attempt, patient
from streams.proof.sagas import Trial as Attempt

SHOWN = 5


def run(ground: Ground, one: Round) -> Tally:
    """Known sagas under so many kills, on a stack whose broker is killed too."""
    plan = Attempt(one.count("sagas"), one.count("kills"), one.seed, one.count("retired"), one.count("brokers"))
    with ground.stack() as stack:
        return tally_of(attempt(patient(stack), plan))


def tally_of(report: Report) -> Tally:
    """The trial's report as the campaign counts: what is wrong is a problem, in the words of the finding."""
    broken = [f"{one.saga_id}: {one.check}: {one.message}" for one in report.findings]
    kills = sum(report.kills.values()) + report.further
    return Tally(
        succeeded=sum(report.statuses.values()),
        kills=kills,
        faults=len(report.faults),
        wrong=len(broken),
        figures={
            "sagas": report.trial.sagas,
            "commands sent again": report.repeated,
            "workers never back": report.never_back,
            **{f"sagas {status}": count for status, count in sorted(report.statuses.items())},
        },
        problems=tuple(broken[:SHOWN]),
    )


TRIAL = Trial(
    code="R11",
    name="sagas",
    run=run,
    scales={
        "short": Scale(
            rounds=1,
            sizes={"sagas": 30, "kills": 4, "retired": 0, "brokers": 0},
            least={"succeeded": 30, "kills": 4},
        ),
        "full": Scale(
            rounds=5,
            sizes={"sagas": 200, "kills": 40, "retired": 3, "brokers": 2},
            least={"succeeded": 1_000, "kills": 200},
        ),
    },
)
