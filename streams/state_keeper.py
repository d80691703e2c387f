"""A lane's state between three threads: the handler writes on the loop, the committer commits, the intake rolls back.

One lock guards the bookkeeping; the handler's own reads and writes go to the layer of its micro-batch, without it. A
lane that keeps nothing has a keeper that does nothing.
"""

import threading
from collections import deque
from collections.abc import Callable
from typing import Protocol, TypeAlias

from schemas.handler import State
from streams.binding import Binding
from streams.output import Output
from streams.partition import Partition
from streams.state.stores import BatchState, Place, StateStores
from streams.state.wire import Change, encode_key
from streams.stateless import NO_STATE

# A named tuple's own constructor takes five times as long.
made = tuple.__new__

OnCommit: TypeAlias = Callable[[dict[Place, list[Change]]], None]


class StateKeeper(Protocol):
    """What the lane's threads ask of its state. Nothing here waits for I/O."""

    def assign(self, partition: Partition) -> None:
        """Makes room for a partition that is to be restored."""

    def revoke(self, topic: str, number: int) -> None:
        """Forgets a partition."""

    def begin(self, number: int) -> State:
        """The state for a micro-batch."""

    def end(self, state: State) -> None:
        """Ends the micro-batch's writes; nothing happens when an abort has ended them already."""

    def undo(self, number: int) -> None:
        """Undoes a micro-batch whose handler raised."""

    def outputs(self, number: int) -> list[Output]:
        """The changelog records of a micro-batch."""

    def commit_through(self, number: int) -> None:
        """Makes the micro-batches up to this one permanent."""

    def roll_back(self) -> None:
        """Undoes everything that is not committed."""


class NoState:
    """The keeper of a lane whose handler has no stores."""

    def assign(self, partition: Partition) -> None:
        """Nothing to make."""

    def revoke(self, topic: str, number: int) -> None:
        """Nothing to forget."""

    def begin(self, number: int) -> State:
        """A state that refuses every access."""
        return NO_STATE

    def end(self, state: State) -> None:
        """Nothing was written."""

    def undo(self, number: int) -> None:
        """Nothing was written."""

    def outputs(self, number: int) -> list[Output]:
        """No records."""
        return []

    def commit_through(self, number: int) -> None:
        """Nothing to keep."""

    def roll_back(self) -> None:
        """Nothing to undo."""


class StoresKeeper:
    """The keeper of a stateful lane. `on_commit`, if there is one, is told what each commit changed, in their order."""

    def __init__(self, binding: Binding, stores: tuple[str, ...], on_commit: OnCommit | None = None) -> None:
        self._binding = binding
        self._stores = StateStores(stores)
        self._on_commit = on_commit
        self._lock = threading.Lock()
        self._open: BatchState | None = None
        self._made: deque[tuple[int, dict[Place, list[Change]]]] = deque()

    def assign(self, partition: Partition) -> None:
        """Gives the partition empty stores; the changelog reader fills them."""
        with self._lock:
            partition.store = self._stores.assign(partition.topic, partition.number)

    def revoke(self, topic: str, number: int) -> None:
        """Forgets the partition's stores."""
        with self._lock:
            self._stores.revoke(topic, number)

    def begin(self, number: int) -> State:
        """Opens the micro-batch's layer."""
        with self._lock:
            self._open = self._stores.begin(number)
            return self._open

    def end(self, state: State) -> None:
        """Closes the layer, if it is still the open one."""
        with self._lock:
            if self._open is state:
                self._stores.end()
                self._open = None

    def undo(self, number: int) -> None:
        """Drops the layer of this micro-batch."""
        with self._lock:
            self._stores.roll_back_to(number - 1)
            while self._made and self._made[-1][0] >= number:
                self._made.pop()

    def outputs(self, number: int) -> list[Output]:
        """One record for each key that the micro-batch changed."""
        topic = self._binding.state
        with self._lock:
            changes = self._stores.changes(number)
            if changes and self._on_commit is not None:
                self._made.append((number, changes))
        return [
            made(Output, (topic, value, encode_key(store, key), partition, [], None))
            for (_, partition), changed in changes.items()
            for store, key, value in changed
        ]

    def commit_through(self, number: int) -> None:
        """Merges the layers up to this one into what is committed."""
        with self._lock:
            self._stores.commit_through(number)
            while self._on_commit is not None and self._made and self._made[0][0] <= number:
                self._on_commit(self._made.popleft()[1])

    def roll_back(self) -> None:
        """Drops all layers."""
        with self._lock:
            self._open = None
            self._made.clear()
            self._stores.roll_back()


def keeper_for(binding: Binding, stores: tuple[str, ...], on_commit: OnCommit | None = None) -> StateKeeper:
    """The keeper that a handler with these stores needs."""
    return StoresKeeper(binding, stores, on_commit) if stores else NoState()
