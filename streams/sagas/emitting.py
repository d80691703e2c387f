"""From the engine's effects to the records of the transaction."""

from collections.abc import Callable, Iterable
from typing import Any

from sagas.effects import (
    Answered,
    AttentionCleared,
    AttentionRaised,
    Effect,
    Ended,
    Orphaned,
    Record,
    Send,
    attention_of,
)
from sagas.engine import Reaction
from sagas.instance import Instance
from sagas.wire.messages import attention_record, outcome_record
from sagas.wire.schema import schema
from schemas.encoder import encoder_for
from schemas.handler import Emission
from schemas.outcome import Completed, Failed, Outcome
from streams.fitting import without_payload
from streams.output import Output
from streams.sagas.inbox import ATTEMPT, RUN, SAGA_ID, InboxEntry
from streams.sagas.outlets import Outlets, topic_of
from streams.settings import Settings

REASON = "x-saga-orphan"
AVRO = ("content-type", b"application/avro")
_outcome = encoder_for(schema("outcome"))
_attention = encoder_for(schema("attention"))


class Emitting:
    """Writes effects as emissions, for one lane of sagas."""

    def __init__(self, settings: Settings, outlets: Outlets) -> None:
        self._settings = settings
        self._outlets = outlets
        self._named = outlets.named
        self._reply_to = ("reply-to", outlets.named.inbox.encode())
        self._topics: dict[tuple[str, str], str] = {}
        self._write: dict[type[Any], Callable[[str, bytes, Any], Emission]] = {
            Send: self._command,
            Record: self._history,
            AttentionRaised: self._attention,
            AttentionCleared: self._calm,
            Ended: self._outcome,
        }

    def emissions(
        self, saga_id: str, key: bytes, effects: Iterable[Effect], reply: InboxEntry | None
    ) -> list[Emission]:
        """The records of these effects, in their order; `reply` is the one at hand, if it was one."""
        write, made = self._write, []
        for effect in effects:
            writer = write.get(type(effect))
            if writer is not None:
                made.append(writer(saga_id, key, effect))
            elif type(effect) is Orphaned and reply is not None:
                made.append(self.orphan(reply, effect.reason))
        return made

    def orphan(self, reply: InboxEntry, reason: str) -> Emission:
        """A reply kept aside, untouched but for the reason."""
        headers = [*(reply.headers or ()), (REASON, reason.encode("utf-8", "replace"))]
        output = Output(self._named.orphans, reply.value, reply.key, -1, headers)
        limit = self._outlets.limit(self._named.orphans)
        if output.size > limit:
            output = without_payload(output._replace(headers=headers[-1:]), limit)
        return Emission(output.topic, output.key, output.value, output.headers)  # type: ignore[arg-type] # as read

    def raised(self, saga_id: str, raised: AttentionRaised) -> Emission:
        """The record that asks for a person's attention."""
        return self._attention(saga_id, saga_id.encode(), raised)

    def attention_of(self, saga_id: str, instance: Instance | None) -> Emission:
        """The record that asks for attention for what keeps a saga parked now, or the one that nothing does."""
        raised = None if instance is None else attention_of(instance)
        if raised is None:
            return self._calm(saga_id, saga_id.encode(), AttentionCleared())
        return self.raised(saga_id, raised)

    def _command(self, saga_id: str, key: bytes, send: Send) -> Emission:
        place = (send.lane, send.topic)
        topic = self._topics.get(place)
        if topic is None:
            topic = self._topics[place] = topic_of(self._settings, *place)
        headers = [
            AVRO,
            self._reply_to,
            ("reply-key", key),
            (SAGA_ID, key),
            (RUN, b"%d" % send.run),
            (ATTEMPT, b"%d" % send.attempt),
        ]
        if send.deadline_ms is not None:
            headers.append(("deadline", b"%d" % send.deadline_ms))
        return Emission(topic, send.key, self._outlets.command(topic) + send.body, headers)

    def _history(self, saga_id: str, key: bytes, record: Record) -> Emission:
        return Emission(self._named.history, key, self._outlets.own("history") + record.body, [])

    def _attention(self, saga_id: str, key: bytes, raised: AttentionRaised) -> Emission:
        value = self._outlets.own("attention") + _attention(attention_record(saga_id, raised))
        return Emission(self._named.attention, key, value, [])

    def _calm(self, saga_id: str, key: bytes, cleared: AttentionCleared) -> Emission:
        return Emission(self._named.attention, key, None, [])

    def _outcome(self, saga_id: str, key: bytes, ended: Ended) -> Emission:
        value = self._outlets.own("outcome") + _outcome(outcome_record(saga_id, ended))
        return Emission(self._named.binding.results, key, value, [])


def answer(saga_id: str, reaction: Reaction) -> Outcome:
    """The answer to a command."""
    said = next(effect for effect in reaction.effects if type(effect) is Answered)
    instance = reaction.instance
    if said.ok:
        status = None if instance is None else str(instance.status)
        return Completed({"saga_id": saga_id, "saga_status": status, "seq": None if instance is None else instance.seq})
    assert said.code is not None
    return Failed(said.code, said.message, details={"saga_id": saga_id})
