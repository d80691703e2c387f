"""`make bench`, second part: measures sagas, and writes bench/results/sagas.json.

Exits with 1 when a row does not hold. `--only throughput,latency` runs some measures, `--quick` runs small ones to try
the programs: their figures mean little, and are not written.
"""

import sys

from bench.measures import saga_intake, saga_latency, saga_recovery, saga_store, saga_throughput
from bench.runs import Measures, run

MEASURES: Measures = {
    "intake": saga_intake.measure,
    "throughput": saga_throughput.measure,
    "latency": saga_latency.measure,
    "recovery": saga_recovery.measure,
    "store": saga_store.measure,
}

if __name__ == "__main__":
    sys.exit(run("bench.sagas", __doc__ or "", MEASURES, "sagas.json"))
