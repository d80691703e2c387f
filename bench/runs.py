"""A run of measures on a stack of its own, from the command line to the file of figures."""

import argparse
import signal
import sys
import time
from collections.abc import Callable, Mapping

from bench import RESULTS
from bench.environment import Bench, environment
from bench.warm import warm
from streams.observability.logging import configure
from streams.proof.rows import Figures, Row, console
from streams.settings import LogSettings

Measures = Mapping[str, Callable[[Bench], list[Row]]]


def run(program: str, description: str, measures: Measures, results: str) -> int:
    """Runs the measures that the command line asks for; the exit code."""
    parser = argparse.ArgumentParser(prog=f"python -m {program}", description=description.partition("\n")[0])
    parser.add_argument("--only", default="", help=f"some of: {', '.join(measures)}")
    parser.add_argument("--quick", action="store_true", help="small sizes; nothing is written")
    arguments = parser.parse_args()
    names = [name for name in arguments.only.split(",") if name] or list(measures)
    unknown = sorted(set(names) - measures.keys())
    if unknown:
        parser.error(f"no such measure: {', '.join(unknown)}; there are {', '.join(measures)}")
    figures = Figures(RESULTS / results)
    configure(LogSettings(level="error"))
    # What it has started is ended on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with environment(arguments.quick) as bench:
        warm(bench)
        for name in names:
            began = time.monotonic()
            console.rule(name)
            figures.take(measures[name](bench))
            console.print(f"[dim]  {time.monotonic() - began:.0f} s[/]")
            if not arguments.quick:
                figures.write()
    return 0 if figures.hold else 1
