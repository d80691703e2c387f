"""The state of a lane: the stores of the partitions that it owns, changed batch by batch."""

from streams.state.partition import Layer, PartitionStore, StateMisused
from streams.state.wire import Change, check_store

Place = tuple[str, int]


class BatchState:
    """What one micro-batch may read and write; implements `schemas.handler.State`."""

    __slots__ = ("_layers", "_stores", "number", "open")

    def __init__(self, stores: "StateStores", number: int) -> None:
        self._stores, self.number, self.open = stores, number, True
        self._layers: dict[Place, Layer] = {}

    def partition(self, topic: str, partition: int) -> Layer:
        """The stores kept for one partition.

        Raises StateMisused when the lane does not own it (any more), or when the micro-batch has ended.
        """
        owner = self._stores.get(topic, partition)
        if not self.open:
            raise StateMisused(f"state of {topic}[{partition}] asked for after micro-batch {self.number} ended")
        if owner is None:
            raise StateMisused(f"state of {topic}[{partition}] asked for, which this lane does not own")
        layer = self._layers.get((topic, partition))
        if layer is None or layer.owner is not owner:
            layer = self._layers[topic, partition] = owner.begin(self.number)
        return layer

    def close(self) -> None:
        """Ends the micro-batch's writes."""
        self.open = False
        for layer in self._layers.values():
            layer.close()


class StateStores:
    """All the stores of a lane. Not thread-safe: the lane's lock guards it."""

    def __init__(self, stores: tuple[str, ...]) -> None:
        """Raises ValueError for a store name that the changelog can't hold."""
        for store in stores:
            check_store(store)
        self.stores = stores
        self._owned: dict[Place, PartitionStore] = {}
        self._open: BatchState | None = None

    @property
    def entries(self) -> int:
        """How many entries all partitions hold."""
        return sum(store.entries for store in self._owned.values())

    @property
    def bytes(self) -> int:
        """About how much memory they take."""
        return sum(store.bytes for store in self._owned.values())

    def assign(self, topic: str, partition: int) -> PartitionStore:
        """The empty stores of a partition that the lane now owns; restore them before a batch begins."""
        if (topic, partition) in self._owned:
            raise StateMisused(f"{topic}[{partition}] is assigned twice: revoke it first")
        store = self._owned[topic, partition] = PartitionStore(topic, partition, self.stores)
        return store

    def revoke(self, topic: str, partition: int) -> None:
        """Forgets a partition with all that was not committed; one that is not owned is no error."""
        self._owned.pop((topic, partition), None)

    def get(self, topic: str, partition: int) -> PartitionStore | None:
        """The stores of an owned partition, or None."""
        return self._owned.get((topic, partition))

    def begin(self, number: int) -> BatchState:
        """The state for one micro-batch, to be given to the handler; `end` it when the handler returns.

        Raises StateMisused while another batch is open: a stateful lane's batches come one at a time.
        """
        if self._open is not None:
            raise StateMisused(f"micro-batch {number} begins while {self._open.number} is open")
        self._open = BatchState(self, number)
        return self._open

    def end(self) -> None:
        """Closes the open micro-batch, if there is one; what it wrote waits for its commit."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def changes(self, number: int) -> dict[Place, list[Change]]:
        """What a micro-batch changed, for the changelog, by partition; unchanged partitions are left out."""
        found = {place: store.changes(number) for place, store in self._owned.items()}
        return {place: changes for place, changes in found.items() if changes}

    def commit_through(self, number: int) -> None:
        """Makes the micro-batches up to this one permanent."""
        for store in self._owned.values():
            store.commit_through(number)

    def roll_back(self) -> None:
        """Undoes all that was not committed, the open micro-batch too."""
        self.end()
        for store in self._owned.values():
            store.roll_back()

    def roll_back_to(self, number: int) -> None:
        """Undoes the micro-batches above this one, the open one too if it is above."""
        if self._open is not None and self._open.number > number:
            self.end()
        for store in self._owned.values():
            store.roll_back_to(number)
