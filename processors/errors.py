"""What can go wrong with a processor as a whole; what goes wrong with one record is an outcome, not an error."""

from schemas.errors import Misconfigured, SluicegateError


class ProcessorError(SluicegateError):
    """The root of this package's errors."""


class ProcessorUnavailable(ProcessorError):
    """The model could not be loaded or warmed. The message says why, and what to do."""


class DeclarationError(ProcessorError):
    """A processor's folder or declaration is not what the catalogue expects."""


class DeviceUnavailable(ProcessorError):
    """The settings ask for a device or number format that this machine does not have."""


class DeviceMisnamed(DeviceUnavailable, Misconfigured):
    """The settings of a device that no machine can follow: to try again would not help."""


class NotForInline(ProcessorError, Misconfigured):
    """A setting of host processes, for a processor that has none."""


class WeightsRefused(ProcessorError):
    """A model file is missing, is not the one that was pinned, or is malformed."""


class RunnerStopped(ProcessorError):
    """The runner was stopped; nothing was inferred."""
