"""All that can happen to a small saga: each interleaving of replies, time-outs, repeats, late replies and commands."""

from sagas.explorer.explore import Explored, Found, TooMany, explore
from sagas.explorer.world import Small

__all__ = ["Explored", "Found", "Small", "TooMany", "explore"]
