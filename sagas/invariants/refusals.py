"""Which replies say for good that nothing was done."""

from typing import TYPE_CHECKING

from sagas.inputs import Reply, ReplyStatus
from sagas.instance import Direction
from sagas.paths import split_path
from schemas.outcome import Code

if TYPE_CHECKING:
    from sagas.invariants.run import Run, Transition


def refused_key(run: "Run", transition: "Transition") -> str | None:
    """The key that a participant refused with the reply of this transition, if it answers the newest attempt."""
    reply, before = transition.given, transition.before
    if not isinstance(reply, Reply) or before is None or reply.status is ReplyStatus.DONE:
        return None
    compiled = run.catalogue.pinned(before.saga, before.version, before.hash)
    for (path, direction), asked in run.asked.items():
        if compiled is None or asked.key != reply.key or direction is Direction.BACKWARD:
            continue
        request = compiled.steps[split_path(path)[0]].request
        known = reply.status is ReplyStatus.REJECTED or reply.code in (*request.rejects, Code.INVALID_ARGUMENT)
        if known and asked.attempt == reply.attempt and run.standings[path].open:
            return None if reply.type_name != request.reply_type else reply.key
    return None
