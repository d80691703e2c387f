"""Several devices: one host each, every batch to the one with the least to do."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from processors.contract import Inference
from processors.host.host import Host


class Pool:
    """A runner over hosts of the same processor. It is ready while one of them is."""

    def __init__(self, hosts: Sequence[Host]) -> None:
        self.hosts = tuple(hosts)

    @property
    def slots(self) -> int:
        """Batches in flight over all devices."""
        return sum(host.slots for host in self.hosts)

    @property
    def ready(self) -> bool:
        """At least one device answers."""
        return any(host.ready for host in self.hosts)

    @property
    def restarts(self) -> int:
        """Over all devices."""
        return sum(host.restarts for host in self.hosts)

    @property
    def found_at(self) -> float | None:
        """Of the device that found something last, while one of them looks for records that hang or kill."""
        return max((at for host in self.hosts if (at := host.found_at) is not None), default=None)

    async def start(self) -> None:
        """Start all hosts at once. If one can't, the others are stopped, and ProcessorUnavailable is raised."""
        results = await asyncio.gather(*(host.start() for host in self.hosts), return_exceptions=True)
        failures = [result for result in results if isinstance(result, BaseException)]
        if failures:
            await self.stop()
            raise failures[0]

    async def infer(self, records: Sequence[Mapping[str, Any]]) -> Inference:
        """Answer each record, in order, on the ready device with the least to do."""
        host = min(self.hosts, key=lambda each: (not each.ready, each.load))
        return await host.infer(records)

    async def stop(self) -> None:
        """Stop all hosts."""
        await asyncio.gather(*(host.stop() for host in self.hosts))

    def describe(self) -> dict[str, Any]:
        """State and devices, for people."""
        devices = [device for host in self.hosts for device in host.describe()["devices"]]
        return {"kind": "pool", "ready": self.ready, "restarts": self.restarts, "devices": devices}
