"""The state of a handler that keeps none."""

from schemas.errors import SluicegateError
from schemas.handler import PartitionState


class NoState:
    """Refuses every access: a handler with `stateful = False` has no stores."""

    def partition(self, topic: str, partition: int) -> PartitionState:
        """Raises SluicegateError."""
        raise SluicegateError(
            f"a handler without stores asked for the state of {topic}[{partition}]: "
            "set `stateful = True` and name `stores`"
        )


NO_STATE = NoState()
