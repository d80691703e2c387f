"""The engine: `react(catalogue, instance, saga_id, input, now_ms) -> Reaction`, pure and total.

An input is decided into events; each is applied at once, and the next decision reads what came of it. So the state
is the fold of the history, whatever happens here.
"""

from sagas.engine.react import Reaction, react

__all__ = ["Reaction", "react"]
