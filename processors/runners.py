"""Which runner a declaration needs."""

from collections.abc import Sequence

from processors.contract import Declaration, DeviceSettings, Runner
from processors.errors import NotForInline
from processors.host.host import Host
from processors.host.pool import Pool
from processors.inline import Inline


def runner_for(
    declaration: Declaration,
    devices: DeviceSettings | Sequence[DeviceSettings] | None = None,
    *,
    timeout_seconds: float | None = None,
    slots: int | None = None,
) -> Runner:
    """A runner, not yet started: inline, one host process, or one for each of several devices.

    Raises NotForInline where the settings ask for what only a host process has.
    """
    several = [devices] if isinstance(devices, DeviceSettings) else list(devices or [DeviceSettings()])
    if declaration.inline:
        _check_inline(declaration.name, len(several), timeout_seconds)
        return Inline(declaration, several[0])
    limit = timeout_seconds or declaration.timeout_seconds
    hosts = [Host(declaration, device, timeout_seconds=limit, slots=slots or declaration.slots) for device in several]
    return hosts[0] if len(hosts) == 1 else Pool(hosts)


def _check_inline(name: str, devices: int, timeout_seconds: float | None) -> None:
    if devices > 1:
        raise NotForInline(
            f"lanes.{name}.devices names {devices}, and {name} runs in the worker itself, on one; name one, or none"
        )
    if timeout_seconds is not None:
        raise NotForInline(
            f"lanes.{name}.timeout_seconds = {timeout_seconds:g}: {name} runs in the worker itself, where nothing can"
            " end a run; leave it out"
        )
