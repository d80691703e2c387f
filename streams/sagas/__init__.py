"""Sagas on the spine: a lane whose handler is the engine, what it writes, and how people ask it for things."""
