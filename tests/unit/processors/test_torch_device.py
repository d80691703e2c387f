"""Devices that are not there are refused with what to do."""

import pytest
import torch

from processors.contract import DeviceSettings
from processors.errors import DeviceUnavailable
from processors.torch_device import TorchDevice
from schemas.errors import Misconfigured

THERE = torch.cuda.device_count() if torch.cuda.is_available() else 0


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        (DeviceSettings(device="gpu"), "'gpu' has no meaning; use auto, cpu, cuda"),
        (DeviceSettings(device="meta"), "'meta' is not supported"),
        (DeviceSettings(device=f"cuda:{THERE}"), f"'cuda:{THERE}' is not there: torch sees {THERE} CUDA devices"),
        (DeviceSettings(device="cpu", dtype="bfloat16"), "'bfloat16' needs CUDA"),
        (DeviceSettings(device="cpu", dtype="int3"), "'int3' is not supported; use one of float32"),
    ],
)
def test_a_device_or_dtype_that_is_not_there_is_refused(settings: DeviceSettings, problem: str) -> None:
    with pytest.raises(DeviceUnavailable, match=problem):
        TorchDevice(settings)


def test_on_the_cpu_tensors_are_where_they_are() -> None:
    device = TorchDevice(DeviceSettings(device="cpu", threads=torch.get_num_threads()))
    tensor = torch.ones(3)
    assert device.receive(device.upload(tensor)) is tensor
    assert device.wait(device.download(tensor)) is tensor
    assert device.describe()["device"] == "cpu"


@pytest.mark.parametrize(("device", "for_good"), [("cpu", True), ("auto", False)])
def test_only_a_cpu_asked_for_by_name_is_a_cpu_for_good(
    monkeypatch: pytest.MonkeyPatch, device: str, for_good: bool
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(DeviceUnavailable, match="needs CUDA") as refused:
        TorchDevice(DeviceSettings(device=device, dtype="float16"))
    assert isinstance(refused.value, Misconfigured) is for_good
