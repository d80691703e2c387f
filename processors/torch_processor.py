"""What torch processors share: their device, and a network whose weights are those that were pinned."""

from pathlib import Path
from typing import ClassVar, TypeVar

import safetensors.torch
import torch

from processors import quantization
from processors.contract import DeviceSettings, Processor
from processors.manifest import Manifest, files_folder
from processors.torch_device import TorchDevice
from processors.weights import check_safetensors, read_verified

Network = TypeVar("Network", bound=torch.nn.Module)


class TorchProcessor(Processor):
    """A processor on a TorchDevice; the settings' `compile` compiles its network, `quantize` rounds its weights."""

    device: TorchDevice
    default_threads: ClassVar[int | None] = None
    """Threads on the CPU when the settings name no number; None takes all cores."""
    quantizable: ClassVar[bool] = False
    """Whether it has been tried, and is near enough to itself, with weights of eight bits."""

    def __init__(self, device: DeviceSettings) -> None:
        super().__init__(device)
        self.device = TorchDevice(device, self.default_threads)
        quantization.check(device, quantizable=self.quantizable, cuda=self.device.cuda)

    def place(self, network: Network) -> Network:
        """The network on the device, for inference only, compiled or quantised if the settings say so."""
        placed = network.eval().requires_grad_(False).to(self.device.device, self.device.dtype)
        if self.device_settings.compile:
            placed.compile(dynamic=True)
        if self.device_settings.quantize != quantization.NONE:
            quantization.quantize(placed)
        return placed

    def describe(self) -> dict[str, str]:
        settings = self.device_settings
        return self.device.describe() | {"compile": str(settings.compile).lower(), "quantize": settings.quantize}


def load_weights(manifest: Manifest, folder: Path) -> dict[str, torch.Tensor]:
    """The tensors of a model, verified. Raises WeightsRefused."""
    file = manifest.files["weights"]
    data = read_verified(files_folder(manifest, folder), file)
    check_safetensors(data, file.name)
    return safetensors.torch.load(data)
