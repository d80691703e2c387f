"""Idempotency keys: stable over attempts, and different for everything else."""

from hashlib import sha1

from sagas.instance import Direction

_NAMESPACE = bytes.fromhex("6f0b7a5e9f8c5d0fa6a1b1b0c2f1d3e4")


def step_key(saga_id: str, run: int, path: str, direction: Direction) -> str:
    """The UUID (version 5) of a step's command or of its undo's."""
    name = "\n".join((str(run), path, direction, saga_id))
    digest = sha1(_NAMESPACE + name.encode(), usedforsecurity=False).hexdigest()
    variant = "89ab"[int(digest[16], 16) & 3]
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"
