"""Spoilt bytes for everything that reads bytes: `python -m streams.proof.fuzz --cases 100000 --seed 7`.

Ends with 0 if nothing but the documented errors came of them, within the memory and the time that are allowed. Each
case follows from the seed, its target's name and its number alone; one that broke is written down as a file, to become
a part of `tests/corpus`.
"""

import resource
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random, SystemRandom
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from streams.proof.fuzzing.doors import doors
from streams.proof.fuzzing.mutate import mutated
from streams.proof.fuzzing.stores import stored
from streams.proof.fuzzing.target import Broke, Target
from streams.settings import Settings

SEED = "SLUICEGATE_PROOF_SEED"
ROOM = 256 << 20
"""So much more memory than at the start may be asked for, all cases together."""
SLOW_SECONDS = 1.0
"""No value of some kilobytes may take longer, in processor time."""


@dataclass(slots=True)
class Tally:
    """What came of one target's cases."""

    name: str
    cases: int = 0
    read: int = 0
    slowest: float = 0.0
    broke: list[Broke] = field(default_factory=list)

    @property
    def line(self) -> str:
        """For people."""
        how = f"{self.read:6} read, {self.cases - self.read - len(self.broke):6} refused, {len(self.broke)} broke"
        return f"{self.name:24} {self.cases:7} cases: {how}, slowest {self.slowest * 1000:.0f} ms"


def targets(folder: Path) -> list[Target]:
    """Everything that reads what others wrote."""
    return [*doors(Settings()), *stored(folder)]


def attempt(target: Target, cases: int, seed: int) -> Tally:
    """So many cases of one target; goes on after one that broke."""
    tally = Tally(target.name)
    for number in range(cases):
        value = mutated(Random(f"{seed}/{target.name}/{number}"), target.seeds)
        began = time.thread_time()
        tally.cases += 1
        try:
            tally.read += target.attempt(value)
        except Broke as broke:
            tally.broke.append(broke)
        seconds = time.thread_time() - began
        tally.slowest = max(tally.slowest, seconds)
        if seconds > SLOW_SECONDS:
            tally.broke.append(Broke(target.name, value, TimeoutError(f"took {seconds:.1f} s of processor time")))
    return tally


def bound_memory(room: int = ROOM) -> None:
    """Lets this process grow by so many bytes and no more: what asks for more is an error of its target."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + room
    resource.setrlimit(resource.RLIMIT_AS, (limit, resource.getrlimit(resource.RLIMIT_AS)[1]))


def shares(cases: int, chosen: Sequence[Target]) -> Iterator[tuple[Target, int]]:
    """The cases, dealt out evenly."""
    for number, target in enumerate(chosen):
        yield target, cases // len(chosen) + (number < cases % len(chosen))


def main(
    cases: Annotated[int, typer.Option(min=1, help="How many, over all targets.")] = 100_000,
    seed: Annotated[int | None, typer.Option(envvar=SEED, help="Repeats the cases; random by default.")] = None,
    only: Annotated[str, typer.Option(help="Targets whose names hold this text.")] = "",
    keep: Annotated[Path, typer.Option(help="Where values that broke a target are written.")] = Path("build/fuzz"),
) -> None:
    """Spoil bytes and have them read; exit code 1 when one breaks its reader."""
    chosen_seed = SystemRandom().randrange(1_000_000) if seed is None else seed
    typer.echo(f"seed {chosen_seed}")
    broke = 0
    with TemporaryDirectory(prefix="sluicegate-fuzz-") as folder:
        chosen = [target for target in targets(Path(folder)) if only in target.name]
        if not chosen:
            raise typer.BadParameter(f"no target's name holds {only!r}")
        bound_memory()
        for target, share in shares(cases, chosen):
            tally = attempt(target, share, chosen_seed)
            typer.echo(tally.line)
            for one in tally.broke[:5]:
                typer.echo(f"  {one}")
                kept = keep / f"{target.name.replace(' ', '-')}-{hash(one.value) & 0xFFFFFFFF:08x}"
                keep.mkdir(parents=True, exist_ok=True)
                kept.write_bytes(one.value)
            broke += len(tally.broke)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    typer.echo(f"{cases} cases, {broke} broke their reader; {peak} MiB at most")
    raise typer.Exit(1 if broke else 0)


if __name__ == "__main__":
    typer.run(main)
