"""R14: hostile bytes for everything that reads bytes: nothing but the documented errors, in bounded memory and time."""

import re
import subprocess
import sys

from streams.proof import fuzz
from streams.proof.campaign.ground import Ground
from streams.proof.campaign.tally import Tally
from streams.proof.campaign.trial import Round, Scale, Trial

LIMIT_SECONDS = 3_600.0
LAST_LINE = re.compile(r"(?P<cases>\d+) cases, (?P<broke>\d+) broke their reader; (?P<peak>\d+) MiB at most")


def run(ground: Ground, one: Round) -> Tally:
    """So many cases, in a process of their own, whose memory is bounded. What broke is kept as files."""
    command = [sys.executable, "-m", fuzz.__name__, "--cases", str(one.count("cases")), "--seed", str(one.seed)]
    said = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False)
    found = LAST_LINE.search(said.stdout)
    if found is None:
        raise RuntimeError(f"the process ended with {said.returncode}: {said.stderr[-300:] or said.stdout[-300:]}")
    cases, broke = int(found["cases"]), int(found["broke"])
    return Tally(
        succeeded=cases - broke,
        faults=cases,
        wrong=broke,
        figures={"highest memory": float(found["peak"])},
        problems=tuple(line.strip() for line in said.stdout.splitlines() if line.startswith("  ")),
    )


TRIAL = Trial(
    code="R14",
    name="hostile bytes",
    run=run,
    scales={
        "short": Scale(rounds=1, sizes={"cases": 2_000}, least={"succeeded": 2_000}),
        "full": Scale(rounds=4, sizes={"cases": 25_000}, least={"succeeded": 100_000}),
    },
)
