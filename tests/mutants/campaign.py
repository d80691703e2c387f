"""Removes one guard after the other, and sees whether its test notices."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from streams.stack.testing import RUNNING, StackForTests
from tests.mutants.guard import Guard, WrongGuard
from tests.mutants.progress import Tried
from tests.mutants.scratch import JARS, ROOT, Scratch
from tests.mutants.trial import Ran, run


class Baseline(Exception):
    """The tests are not green with every guard in its place: no verdict on any."""


class Campaign:
    """The trials in one copy; a stack is started for the first guard that needs one, and serves all of them."""

    def __init__(self, scratch: Scratch, say: Callable[[str], None]) -> None:
        self._scratch, self._say = scratch, say
        self._stack: StackForTests | None = None
        self._closing = ExitStack()

    def __enter__(self) -> "Campaign":
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    def try_all(self, guards: Sequence[Guard]) -> Iterator[Tried]:
        """What came of each; raises Baseline before the first, if the tests are not green with all guards."""
        for stack in (False, True):
            chosen = [guard for guard in guards if guard.stack is stack]
            if chosen:
                self._baseline(sorted({guard.test for guard in chosen}), stack=stack)
                yield from (self._try(guard) for guard in chosen)

    def _baseline(self, tests: Sequence[str], *, stack: bool) -> None:
        self._say(f"with every guard: {len(tests)} tests{' on a stack' if stack else ''}")
        ran = self._run(tests, stack=stack, write=True)
        if not ran.green:
            raise Baseline(f"not green with every guard in its place: {', '.join(ran.failed) or ran.trouble}")
        self._say(f"green in {ran.seconds:.0f} s")

    def _try(self, guard: Guard) -> Tried:
        try:
            with self._scratch.without(guard):
                ran = self._run([guard.test], stack=guard.stack, write=False)
        except WrongGuard as error:
            return Tried(guard.name, None, 0.0, str(error))
        if ran.red:
            died = f"the process died of signal {-ran.code}" if ran.code < 0 else ""
            return Tried(guard.name, (ran.failed or (guard.test,))[0], ran.seconds, died)
        return Tried(guard.name, None, ran.seconds, ran.trouble or "no test turned red")

    def _run(self, tests: Sequence[str], *, stack: bool, write: bool) -> Ran:
        variables = self._with_stack() if stack else self._scratch.environment
        return run(self._scratch.folder, tests, variables, bounded=not stack, write=write)

    def _with_stack(self) -> Mapping[str, str]:
        if self._stack is None:
            self._stack = StackForTests.on_free_ports(self._scratch.folder.parent, ROOT / JARS)
            self._closing.callback(self._stack.discard)
            self._stack.train()
            self._stack.up()
            self._stack.remember()
        directory: Path = self._stack.settings.stack.directory
        return {**self._scratch.environment, RUNNING: os.fspath(directory)}
