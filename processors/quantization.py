"""Linear layers whose weights are integers of eight bits, for the CPU: smaller, and faster on some machines.

Weights are rounded when the model is loaded, with a scale for each output; inputs are rounded as they come, with a
scale for each call. Attention, norms and tables stay as they are.
"""

import warnings
from collections.abc import Iterator

import torch
from torch import nn

from processors.contract import DeviceSettings
from processors.errors import DeviceMisnamed

NONE, INT8 = "none", "int8"


class Int8Linear(nn.Module):
    """A linear layer, float32 in and out."""

    def __init__(self, plain: nn.Linear) -> None:
        super().__init__()
        weight = plain.weight.detach()
        scales = weight.abs().amax(1).clamp(min=1e-12).double() / 127
        zeros = torch.zeros(len(scales), dtype=torch.long)
        with warnings.catch_warnings():
            # torch means to replace these tensors; requirements.txt says which torch it is that still has them.
            warnings.simplefilter("ignore")
            rounded = torch.quantize_per_channel(weight, scales, zeros, 0, torch.qint8)
        bias = None if plain.bias is None else plain.bias.detach()
        self._packed = torch.ops.quantized.linear_prepack(rounded, bias)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        # Inputs of seven bits: without VNNI, a sum of two products of eight would not fit.
        outputs: torch.Tensor = torch.ops.quantized.linear_dynamic(inputs, self._packed, True)
        return outputs


def check(settings: DeviceSettings, *, quantizable: bool, cuda: bool) -> None:
    """Raises DeviceMisnamed, with the cure, where the settings ask for what there is not."""
    wanted = settings.quantize
    if wanted == NONE:
        return
    if wanted != INT8:
        raise DeviceMisnamed(f"quantize {wanted!r} is not supported; use {NONE} or {INT8}")
    if not quantizable:
        raise DeviceMisnamed(f"this processor has no {wanted} form; set quantize to {NONE}")
    if cuda:
        raise DeviceMisnamed(
            f"quantize {wanted!r} is for the CPU, and the device is CUDA; set device to cpu, or quantize to {NONE}"
            " (and dtype to bfloat16 or float16, if it is about speed)"
        )
    if settings.compile:
        raise DeviceMisnamed(f"quantize {wanted!r} and compile exclude each other; leave one out")


def quantize(network: nn.Module) -> None:
    """Replaces every linear layer of a network on the CPU by its rounded form."""
    for parent, name, plain in list(linears(network)):
        setattr(parent, name, Int8Linear(plain))


def linears(network: nn.Module) -> Iterator[tuple[nn.Module, str, nn.Linear]]:
    """Every linear layer, where it hangs and under which name."""
    for parent in network.modules():
        for name, child in parent.named_children():
            if isinstance(child, nn.Linear):
                yield parent, name, child
