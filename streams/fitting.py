"""What may be produced where: topics that no answer may go to, and dead letters that their headers made too large."""

from schemas.dead_letter import CONNECT, OURS
from streams.binding import Binding
from streams.output import Output
from streams.tenants import prefix

KAFKAS_OWN = frozenset({"__consumer_offsets", "__transaction_state", "__share_group_state", "__cluster_metadata"})
PLACE = (f"{CONNECT}topic", f"{CONNECT}partition", f"{CONNECT}offset")


def reserved(binding: Binding, topic: str, requests: str = "") -> str | None:
    """Why no client may have its answer on this topic, or None: what else is read from it would be spoilt.

    `requests` is the topic that the client asked on: a tenant's answers stay its own, and nobody else's come there.
    """
    if binding.stranger(requests, topic):
        counter = binding.counters.get(requests)
        cure = f"name one that begins with {prefix(counter.tenant)!r}" if counter else "it is a tenant's; name another"
        return f"reply-to {topic!r}: no answer to a request on {requests} may go there; {cure}"
    if topic in KAFKAS_OWN:
        return f"reply-to {topic!r}: it is Kafka's own; name a topic of yours"
    own = (*binding.requests, binding.repeats, binding.state, binding.dead_letters_of(requests), binding.control)
    if topic in own or topic in binding.guarded:
        return f"reply-to {topic!r}: lane {binding.name} needs it for something else; name a topic of yours"
    return None


def fitting_dead_letter(letter: Output, limit: int) -> Output:
    """The dead letter, without its bytes if it is over its topic's limit, and without more where need be."""
    if letter.size <= limit:
        return letter
    small = without_payload(letter, limit)
    place = [(name, value) for name, value in small.headers if name.startswith((*PLACE, OURS))]
    for smaller in (small, small._replace(key=None)):
        if smaller.size <= limit:
            return smaller
    return small._replace(key=None, headers=place)


def without_payload(output: Output, limit: int) -> Output:
    """A dead letter that its headers made too large for its topic: the reason and the place of the original, alone."""
    why = [(name, value) for name, value in output.headers if name.startswith((CONNECT, OURS))]
    omitted = f"{len(output.value or b'')} bytes omitted, {output.topic} allows {limit}".encode()
    return output._replace(value=None, headers=[*why, (f"{OURS}omitted", omitted)])
