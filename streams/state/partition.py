"""The stores of one partition, with the changes of micro-batches that are not committed yet.

Reads and writes go to plain dicts; each micro-batch is a layer that remembers what it found and what it
left. So a read costs the same however many batches are in flight, a commit drops layers, and an abort undoes
them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from schemas.errors import SluicegateError
from streams.state.wire import Change, check_store, decode_key, encode_key, pack_entries, unpack_entries

# What an entry costs beside the bytes of key and value: two bytes objects and their share of the dict.
ENTRY_OVERHEAD = 192


class StateMisused(SluicegateError):
    """State was asked for that is not owned, not declared or not open: a fault of the code that asks."""


@dataclass(slots=True, frozen=True)
class StateSnapshot:
    """The committed entries at one moment; another thread may read it while the stores go on."""

    stores: dict[str, dict[bytes, bytes]]

    def blocks(self) -> Iterator[bytes]:
        """The entries for a checkpoint; `PartitionStore.restore_block` reads them back."""
        return pack_entries(
            (encode_key(store, key), value) for store, entries in self.stores.items() for key, value in entries.items()
        )


class PartitionStore:
    """The stores of one owned partition. Never blocks."""

    def __init__(self, topic: str, partition: int, stores: tuple[str, ...]) -> None:
        """Raises ValueError for a store name that the changelog can't hold."""
        for store in stores:
            check_store(store)
        self.topic, self.partition, self.stores = topic, partition, stores
        self.entries = 0
        self.bytes = 0
        # Stores that the changelog has and the handler does not declare are kept, so that a checkpoint does
        # not lose what an older or newer version of the handler needs.
        self._data: dict[str, dict[bytes, bytes]] = {store: {} for store in stores}
        self._sorted: dict[str, list[bytes]] = {}
        self._layers: list[Layer] = []

    def __repr__(self) -> str:
        return f"PartitionStore({self.topic}[{self.partition}], stores={', '.join(self.stores) or 'none'})"

    def get(self, store: str, key: bytes) -> bytes | None:
        """The value that the newest micro-batch sees, or None. Raises StateMisused for an undeclared
        store."""
        return self._of(store).get(key)

    def scan(self, store: str) -> Iterator[tuple[bytes, bytes]]:
        """Every key and value at the time of the call, sorted by key; later writes do not disturb it."""
        entries = self._of(store)
        keys = self._sorted.get(store)
        if keys is None:
            keys = self._sorted[store] = sorted(entries)
        return iter([(key, entries[key]) for key in keys])

    def items(self, store: str) -> Iterable[tuple[bytes, bytes]]:
        """Every key and value, in no order; for whoever knows that nothing is written meanwhile."""
        return self._of(store).items()

    def begin(self, number: int) -> "Layer":
        """Opens a layer for a micro-batch and closes the one below; numbers rise from layer to layer."""
        if self._layers and number <= self._layers[-1].number:
            raise StateMisused(f"{self}: micro-batch {number} begins after {self._layers[-1].number}")
        if self._layers:
            self._layers[-1].close()
        layer = Layer(self, number)
        self._layers.append(layer)
        return layer

    def changes(self, number: int) -> list[Change]:
        """What a micro-batch changed, one change for each key, for the changelog; none if it has no layer.

        A key whose value is in the end what it was is left out.
        """
        for layer in self._layers:
            if layer.number == number:
                return layer.changes()
        return []

    def commit_through(self, number: int) -> None:
        """Makes the layers up to this micro-batch permanent."""
        kept = 0
        while kept < len(self._layers) and self._layers[kept].number <= number:
            kept += 1
        del self._layers[:kept]

    def roll_back(self) -> None:
        """Undoes every layer: the stores are what the last commit left."""
        while self._layers:
            self._undo()

    def roll_back_to(self, number: int) -> None:
        """Undoes the layers above this micro-batch, newest first."""
        while self._layers and self._layers[-1].number > number:
            self._undo()

    def restore(self, record_key: bytes | None, value: bytes | None) -> None:
        """Applies a record of the changelog; None, a tombstone, removes the key.

        Raises StateUnreadable for a key of no store, StateMisused while layers are in flight.
        """
        if self._layers:
            raise StateMisused(f"{self} is restored while micro-batch {self._layers[0].number} is in flight")
        store, key = decode_key(record_key)
        self._data.setdefault(store, {})
        self._set(store, key, value)

    def restore_block(self, block: bytes) -> int:
        """Applies a block of a checkpoint; returns how many entries it held. Raises as `restore` does."""
        count = 0
        for record_key, value in unpack_entries(block):
            self.restore(record_key, value)
            count += 1
        return count

    def snapshot(self) -> StateSnapshot:
        """A copy of the committed entries: a few milliseconds for 100,000, whose bytes are shared."""
        copies = {store: entries.copy() for store, entries in self._data.items()}
        for layer in reversed(self._layers):
            for (store, key), value in layer.found.items():
                if value is None:
                    copies[store].pop(key, None)
                else:
                    copies[store][key] = value
        return StateSnapshot(copies)

    def _write(self, layer: "Layer", store: str, key: bytes, value: bytes | None) -> None:
        if not layer.open:
            raise StateMisused(f"{self}: micro-batch {layer.number} writes {store}/{key!r} after its end")
        place, before = (store, key), self._of(store).get(key)
        layer.found.setdefault(place, before)
        layer.left[place] = value
        self._set(store, key, value)

    def _set(self, store: str, key: bytes, value: bytes | None) -> None:
        entries = self._data[store]
        before = entries.get(key)
        if before is not None:
            self.entries -= 1
            self.bytes -= len(key) + len(before) + ENTRY_OVERHEAD
        if value is not None:
            entries[key] = value
            self.entries += 1
            self.bytes += len(key) + len(value) + ENTRY_OVERHEAD
        elif before is not None:
            del entries[key]
        if (before is None) is not (value is None):
            self._sorted.pop(store, None)

    def _undo(self) -> None:
        layer = self._layers.pop()
        layer.close()
        for (store, key), value in layer.found.items():
            self._set(store, key, value)

    def _of(self, store: str) -> dict[bytes, bytes]:
        if store not in self.stores:
            raise StateMisused(f"{self} has no store {store!r}: add it to the handler's `stores`")
        return self._data[store]


class Layer:
    """One micro-batch's view of a partition; implements `schemas.handler.PartitionState`.

    Reads see its own writes and those of the batches ahead. It takes writes until the next layer begins or
    it is rolled back, so that a handler that outlives its batch can't write into another one's.
    """

    __slots__ = ("found", "left", "number", "open", "owner")

    def __init__(self, owner: PartitionStore, number: int) -> None:
        self.owner, self.number, self.open = owner, number, True
        self.found: dict[tuple[str, bytes], bytes | None] = {}
        self.left: dict[tuple[str, bytes], bytes | None] = {}

    def get(self, store: str, key: bytes) -> bytes | None:
        """The value, or None."""
        return self.owner.get(store, key)

    def put(self, store: str, key: bytes, value: bytes) -> None:
        """Sets the value. Raises TypeError for anything but bytes: the changelog holds nothing else."""
        if not isinstance(key, bytes) or not isinstance(value, bytes):
            raise TypeError(f"{store}/{key!r} in {self.owner}: key and value must be bytes")
        self.owner._write(self, store, key, value)

    def delete(self, store: str, key: bytes) -> None:
        """Removes the key; an absent key is no error."""
        self.owner._write(self, store, key, None)

    def scan(self, store: str) -> Iterator[tuple[bytes, bytes]]:
        """Every key and value at the time of the call, sorted by key."""
        return self.owner.scan(store)

    def close(self) -> None:
        """Ends its writes; reads go on."""
        self.open = False

    def changes(self) -> list[Change]:
        """The last value of each key that differs from what was found."""
        return [
            Change(store, key, value) for (store, key), value in self.left.items() if value != self.found[store, key]
        ]
