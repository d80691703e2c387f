"""`make bench`: measures the spine beside others, and writes bench/results/spine.json.

Exits with 1 when a row does not hold. `--only echo,latency` runs some measures, `--quick` runs small ones to try the
programs: their figures mean little, and are not written.
"""

import argparse
import signal
import sys
import time
from collections.abc import Callable

from bench.environment import Bench, environment
from bench.measures import echo, guarantees, latency, memory, models, recovery, scaling, transport
from bench.rows import RESULTS, Figures, Row, console
from bench.warm import warm

Measure = Callable[[Bench], list[Row]]

MEASURES: dict[str, Measure] = {
    "echo": echo.measure,
    "transport": transport.measure,
    "models": models.measure,
    "guarantees": guarantees.measure,
    "latency": latency.measure,
    "recovery": recovery.measure,
    "memory": memory.measure,
    "scaling": scaling.measure,
}


def main() -> int:
    """Runs the measures; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.spine", description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default="", help=f"some of: {', '.join(MEASURES)}")
    parser.add_argument("--quick", action="store_true", help="small sizes; nothing is written")
    arguments = parser.parse_args()
    names = [name for name in arguments.only.split(",") if name] or list(MEASURES)
    unknown = sorted(set(names) - MEASURES.keys())
    if unknown:
        parser.error(f"no such measure: {', '.join(unknown)}; there are {', '.join(MEASURES)}")
    figures = Figures(RESULTS / "spine.json")
    # What it has started is ended on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with environment(arguments.quick) as bench:
        warm(bench)
        for name in names:
            began = time.monotonic()
            console.rule(name)
            figures.take(MEASURES[name](bench))
            console.print(f"[dim]  {time.monotonic() - began:.0f} s[/]")
            if not arguments.quick:
                figures.write()
    return 0 if figures.hold else 1


if __name__ == "__main__":
    sys.exit(main())
