"""`make bench`: measures the spine beside others, and writes bench/results/spine.json.

Exits with 1 when a row does not hold. `--only echo,latency` runs some measures, `--quick` runs small ones to try the
programs: their figures mean little, and are not written.
"""

import sys

from bench.measures import echo, guarantees, latency, memory, models, recovery, scaling, transport
from bench.runs import Measures, run

MEASURES: Measures = {
    "echo": echo.measure,
    "transport": transport.measure,
    "models": models.measure,
    "guarantees": guarantees.measure,
    "latency": latency.measure,
    "recovery": recovery.measure,
    "memory": memory.measure,
    "scaling": scaling.measure,
}

if __name__ == "__main__":
    sys.exit(run("bench.spine", __doc__ or "", MEASURES, "spine.json"))
