"""Which runner a declaration needs."""

from collections.abc import Sequence

from processors.contract import Declaration, DeviceSettings, Runner
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
    """A runner, not yet started: inline, one host process, or one for each of several devices."""
    several = [devices] if isinstance(devices, DeviceSettings) else list(devices or [DeviceSettings()])
    if declaration.inline:
        return Inline(declaration, several[0])
    limit = timeout_seconds or declaration.timeout_seconds
    hosts = [Host(declaration, device, timeout_seconds=limit, slots=slots or declaration.slots) for device in several]
    return hosts[0] if len(hosts) == 1 else Pool(hosts)
