"""A lane's state between three threads: the handler writes on the loop, the committer commits, the intake rolls back.

One lock guards the bookkeeping; the handler's own reads and writes go to the layer of its micro-batch, without it. A
lane that keeps nothing has a keeper that does nothing.
"""

import threading
from typing import Protocol

from schemas.handler import State
from streams.binding import Binding
from streams.output import Output
from streams.partition import Partition
from streams.state.stores import BatchState, StateStores
from streams.state.wire import encode_key
from streams.stateless import NO_STATE


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
    """The keeper of a stateful lane."""

    def __init__(self, binding: Binding, stores: tuple[str, ...]) -> None:
        self._binding = binding
        self._stores = StateStores(stores)
        self._lock = threading.Lock()
        self._open: BatchState | None = None

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

    def outputs(self, number: int) -> list[Output]:
        """One record for each key that the micro-batch changed."""
        with self._lock:
            changes = self._stores.changes(number)
        return [
            Output(self._binding.state, change.value, encode_key(change.store, change.key), partition, [])
            for (_, partition), changed in changes.items()
            for change in changed
        ]

    def commit_through(self, number: int) -> None:
        """Merges the layers up to this one into what is committed."""
        with self._lock:
            self._stores.commit_through(number)

    def roll_back(self) -> None:
        """Drops all layers."""
        with self._lock:
            self._open = None
            self._stores.roll_back()


def keeper_for(binding: Binding, stores: tuple[str, ...]) -> StateKeeper:
    """The keeper that a handler with these stores needs."""
    return StoresKeeper(binding, stores) if stores else NoState()
