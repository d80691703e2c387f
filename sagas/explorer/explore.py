"""Every world that can follow from a start, each seen once, with all invariants held against each."""

from collections import deque
from dataclasses import dataclass, field

from sagas.engine import react
from sagas.explorer.world import Small, World
from sagas.invariants.broken import InvariantBroken, holds
from sagas.testing.recorder import React


class TooMany(Exception):
    """There are more worlds than were allowed."""


class Found(AssertionError):
    """A broken invariant with the way that leads there, from the start."""

    def __init__(self, broken: InvariantBroken, way: list[str]) -> None:
        self.broken = broken
        self.way = way
        super().__init__(f"{broken}\n  after: " + "\n         ".join(way))


@dataclass(slots=True)
class Explored:
    """How much there was: worlds, ways from one to another, worlds where nothing can happen, and how sagas ended."""

    states: int = 0
    transitions: int = 0
    ends: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Node:
    number: int
    parent: int
    by: str
    after: list[int] = field(default_factory=list)


def explore(small: Small, most: int = 200_000, engine: React = react) -> Explored:
    """All interleavings of a small saga. Raises Found for a broken invariant, TooMany beyond `most` worlds."""
    walk = _Walk(small, most, engine)
    walk.run()
    every_schedule_ends(walk.nodes, walk.ended)
    return walk.explored


class _Walk:
    """Breadth first, so that the way to a fault is a shortest one."""

    def __init__(self, small: Small, most: int, engine: React) -> None:
        self.explored = Explored()
        self.nodes: list[_Node] = []
        self.ended: set[int] = set()
        self._most = most
        self._known: dict[tuple[object, ...], int] = {}
        self._queue: deque[tuple[int, World]] = deque()
        self._small, self._engine = small, engine

    def run(self) -> None:
        """Until nothing new is found."""
        try:
            self._meet(World(self._small, self._engine).begin(), -1, "start")
        except InvariantBroken as broken:
            raise Found(broken, ["start"]) from broken
        while self._queue:
            number, world = self._queue.popleft()
            self._expand(number, world)
        self.explored.states = len(self.nodes)

    def _expand(self, number: int, world: World) -> None:
        by = "a timer that is not due"
        try:
            world.disturb()
            if world.is_over:
                by = "what comes after the end"
                world.outlive()
            for by, make in world.successors():
                self.explored.transitions += 1
                self.nodes[number].after.append(self._meet(make(), number, by))
        except InvariantBroken as broken:
            raise Found(broken, [*self._way(number), by]) from broken

    def _meet(self, world: World, parent: int, by: str) -> int:
        identity = world.identity()
        known = self._known.get(identity)
        if known is not None:
            return known
        number = self._known[identity] = len(self.nodes)
        if number >= self._most:
            raise TooMany(f"more than {self._most} worlds: explore a smaller saga, or allow more")
        self.nodes.append(_Node(number, parent, by))
        saga = world.recorder.instance
        status = "FORGOTTEN" if saga is None else str(saga.status)
        if world.is_over:
            self.ended.add(number)
        self.explored.ends[status] = self.explored.ends.get(status, 0) + 1
        self._queue.append((number, world))
        return number

    def _way(self, number: int) -> list[str]:
        way: list[str] = []
        while number >= 0:
            way.append(self.nodes[number].by)
            number = self.nodes[number].parent
        return way[::-1]


def every_schedule_ends(nodes: list[_Node], ended: set[int]) -> None:
    """Every started saga reaches a terminal status or NEEDS_ATTENTION, whatever the schedule: no world where nothing
    more can happen is another one, and no schedule comes back to a world where it was."""
    waiting = [0] * len(nodes)
    for node in nodes:
        for other in set(node.after) - {node.number}:
            waiting[other] += 1
    free, seen = deque(number for number, count in enumerate(waiting) if count == 0), 0
    while free:
        node, seen = nodes[free.popleft()], seen + 1
        others = set(node.after) - {node.number}
        if not others and node.number not in ended:
            raise InvariantBroken(every_schedule_ends, f"nothing more can happen in world {node.number}: {node.by}")
        for other in others:
            waiting[other] -= 1
            if waiting[other] == 0:
                free.append(other)
    holds(seen == len(nodes), every_schedule_ends, lambda: f"{len(nodes) - seen} worlds lie on a circle")
