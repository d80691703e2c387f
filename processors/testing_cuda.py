"""Tiny real processors with the vices that only a CUDA device has, for tests on one."""

import torch

from processors.contract import Bucket, DeviceSettings
from processors.testing import MARK, Obedient, Records


class Asserting(Obedient):
    """Trips a device-side assertion on a marked record, which leaves the CUDA context dead."""

    def compute(self, bucket: Bucket) -> Records:
        marked = [record["payload"].startswith(MARK) for record in bucket.inputs]
        places = torch.tensor([8 if mark else 0 for mark in marked], device="cuda")
        torch.zeros(8, device="cuda")[places].sum().item()
        records: Records = bucket.inputs
        return records


class Hoarding(Obedient):
    """Takes device memory for each record: the option `bytes` (1 MB), for a marked one the option `marked`."""

    def __init__(self, device: DeviceSettings) -> None:
        super().__init__(device)
        self.bytes = int(self.option("bytes", "1048576"))
        self.marked_bytes = int(self.option("marked", str(self.bytes)))

    def compute(self, bucket: Bucket) -> Records:
        marked = sum(record["payload"].startswith(MARK) for record in bucket.inputs)
        size = self.bytes * (len(bucket.inputs) - marked) + self.marked_bytes * marked
        torch.ones(size, dtype=torch.uint8, device="cuda").sum().item()
        records: Records = bucket.inputs
        return records
