"""A torch device as the settings ask for it, and the way of tensors to it and back that does not make it wait."""

import os
from dataclasses import dataclass

import torch

from processors.contract import DeviceSettings
from processors.errors import DeviceMisnamed, DeviceUnavailable

_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass(slots=True)
class Upload:
    """A tensor on its way to the device; its copy is done when `copied` is."""

    tensor: torch.Tensor
    copied: torch.cuda.Event | None = None


@dataclass(slots=True)
class Download:
    """A tensor on its way back; it may be read when `copied` is done."""

    tensor: torch.Tensor
    copied: torch.cuda.Event | None = None


class TorchDevice:
    """One device. `upload` belongs to the thread that prepares, `receive` and `download` to the one that computes.

    On CUDA, uploads go through pinned memory on a stream of their own, beside the kernels of the batch before. On the
    CPU all four steps are free.
    """

    def __init__(self, settings: DeviceSettings, default_threads: int | None = None) -> None:
        self.device = _resolve(settings.device)
        self.dtype = _number_format(settings, self.device)
        self.threads = settings.threads or default_threads or len(os.sched_getaffinity(0))
        self.cuda = self.device.type == "cuda"
        torch.set_num_threads(self.threads)
        if self.cuda:
            torch.cuda.set_device(self.device)
            self._copies = torch.cuda.Stream(self.device)  # type: ignore[no-untyped-call]

    def upload(self, tensor: torch.Tensor) -> Upload:
        """Start to bring a tensor to the device. Does not block."""
        if not self.cuda:
            return Upload(tensor)
        with torch.cuda.stream(self._copies):
            there = tensor.pin_memory().to(self.device, non_blocking=True)
            return Upload(there, self._copies.record_event())

    def receive(self, upload: Upload) -> torch.Tensor:
        """The tensor, for kernels that are launched from here on. Does not block."""
        if upload.copied is not None:
            stream = torch.cuda.current_stream(self.device)
            stream.wait_event(upload.copied)
            upload.tensor.record_stream(stream)
        return upload.tensor

    def download(self, tensor: torch.Tensor) -> Download:
        """Start to bring a result back, after the kernels that make it. Does not block."""
        if not self.cuda:
            return Download(tensor)
        here = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
        here.copy_(tensor, non_blocking=True)
        copied = torch.cuda.Event(blocking=True)  # type: ignore[no-untyped-call]
        copied.record(torch.cuda.current_stream(self.device))
        return Download(here, copied)

    @staticmethod
    def wait(download: Download) -> torch.Tensor:
        """The result, in memory. Blocks until it is there."""
        if download.copied is not None:
            download.copied.synchronize()
        return download.tensor

    def describe(self) -> dict[str, str]:
        """What it is, for people."""
        if self.cuda:
            return {"device": f"{self.device} ({torch.cuda.get_device_name(self.device)})", "dtype": _name(self.dtype)}
        return {"device": "cpu", "dtype": _name(self.dtype), "threads": str(self.threads)}


def _resolve(name: str) -> torch.device:
    if name == "auto":
        return torch.device("cuda:0" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise DeviceMisnamed(f"the device {name!r} has no meaning; use auto, cpu, cuda or cuda:<n>") from error
    if device.type not in ("cpu", "cuda"):
        raise DeviceMisnamed(f"the device {name!r} is not supported; use auto, cpu, cuda or cuda:<n>")
    if device.type == "cpu":
        return torch.device("cpu")
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if (device.index or 0) >= count:
        raise DeviceUnavailable(f"the device {name!r} is not there: torch sees {count} CUDA devices; use auto or cpu")
    return torch.device("cuda", device.index or 0)


def _number_format(settings: DeviceSettings, device: torch.device) -> torch.dtype:
    name = settings.dtype
    if name not in _DTYPES:
        raise DeviceMisnamed(f"the dtype {name!r} is not supported; use one of {', '.join(_DTYPES)}")
    if device.type == "cpu" and name != "float32":
        # Where `auto` found no CUDA a driver may come back; a CPU that was asked for by name stays one.
        refusal = DeviceUnavailable if settings.device == "auto" else DeviceMisnamed
        raise refusal(f"the dtype {name!r} needs CUDA, and the device is the CPU; use float32")
    return _DTYPES[name]


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
