"""Handwritten digits on a torch device."""

from collections.abc import Sequence
from pathlib import Path

import torch

from processors import manifest
from processors.contract import Bucket
from processors.digits.network import DigitsNetwork
from processors.digits.wire import Answers, Images
from processors.torch_device import Download, Upload
from processors.torch_processor import TorchProcessor, load_weights

FOLDER = Path(__file__).parent
_DTYPES = {"float32": torch.float32, "uint8": torch.uint8}
_WARM_SIZES = (1, 256)


class Digits(TorchProcessor):
    """Answers with the label, its probability, and those of all ten digits.

    The network is so small that a second thread gains little and costs as much as the first.
    """

    default_threads = 1

    def load(self) -> None:
        network = DigitsNetwork()
        network.load_state_dict(load_weights(manifest.read(FOLDER), FOLDER))
        self.network = self.place(network)

    def warm(self) -> None:
        for size in _WARM_SIZES:
            (bucket,) = self.prepare([Images("uint8", range(size), bytearray(64 * size))])
            self.finish(bucket, self.compute(bucket))

    def prepare(self, batch: Sequence[Images]) -> list[Bucket]:
        groups = [(group.rows, _tensor(group)) for group in batch]
        count = sum(len(rows) for rows, _ in groups)
        images = groups[0][1]
        if len(groups) > 1:
            images = torch.empty(count, 1, 8, 8)
            for rows, tensor in groups:
                images[list(rows)] = tensor.float()
        return [Bucket(range(count), self.device.upload(images))]

    @torch.inference_mode()
    def compute(self, bucket: Bucket) -> tuple[Download, Download]:
        upload: Upload = bucket.inputs
        logits = self.network(self.device.receive(upload).to(self.device.dtype))
        probabilities = logits.float().softmax(1)
        return self.device.download(probabilities), self.device.download(probabilities.max(1).indices.to(torch.uint8))

    def finish(self, bucket: Bucket, computed: tuple[Download, Download]) -> Answers:
        probabilities, labels = (self.device.wait(download).numpy() for download in computed)
        return Answers(labels, probabilities.max(1), probabilities)


def _tensor(images: Images) -> torch.Tensor:
    return torch.frombuffer(images.pixels, dtype=_DTYPES[images.dtype]).view(-1, 1, 8, 8)
