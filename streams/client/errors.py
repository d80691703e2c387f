"""What can go wrong for a client, as errors that say the cause and the cure.

ClientError
├── UnknownProcessor       no such processor, here or on the cluster
├── NotReady               the client is not started, or closed already
├── ClusterUnreachable     no broker answers
├── TopicMissing           a topic that should be there is not
├── NotAllowed             the cluster refuses this user
│   └── LoginRefused       it does not even let them in: a wrong password, a certificate not to be trusted
└── CallFailed             one call failed; the others go on
    ├── InvalidRecord      the record does not fit the processor's schema; it was not sent
    ├── NotSent            the cluster did not take the request
    ├── TimedOut           no answer in time
    ├── AnswerUnreadable   an answer came that does not fit the processor's result schema
    └── InferenceFailed    the answer is FAILED
"""

from collections.abc import Mapping

from schemas.errors import Misconfigured, SluicegateError


class ClientError(SluicegateError):
    """The base of all errors of the client."""


class UnknownProcessor(ClientError):
    """No such processor; the text lists those that exist."""


class NotReady(ClientError):
    """The client was used before it was entered or after it was closed."""


class ClusterUnreachable(ClientError):
    """No broker answers."""

    def __init__(self, bootstrap_servers: str, cause: str) -> None:
        super().__init__(
            f"no Kafka answers at {bootstrap_servers} ({cause}): start one with `sluicegate up`, "
            "or set kafka.bootstrap_servers (SLUICEGATE_KAFKA__BOOTSTRAP_SERVERS)"
        )


class TopicMissing(ClientError):
    """A topic is not on the cluster."""

    def __init__(self, topic: str, cure: str = "run `sluicegate init`") -> None:
        super().__init__(f"there is no topic {topic!r} on the cluster; {cure}")
        self.topic = topic


class NotAllowed(ClientError):
    """The cluster refuses what this user asked for."""


class LoginRefused(NotAllowed, Misconfigured):
    """The cluster does not take this user's name and password, or shows a certificate that is not to be trusted."""


class CallFailed(ClientError):
    """One call failed; `request_id` says which."""

    def __init__(self, message: str, request_id: str) -> None:
        super().__init__(message)
        self.request_id = request_id


class InvalidRecord(CallFailed):
    """The record does not fit the schema; nothing was sent. `field` names the place, if one is to blame."""

    def __init__(self, message: str, request_id: str, field: str = "") -> None:
        super().__init__(message, request_id)
        self.field = field


class NotSent(CallFailed):
    """The cluster did not take the request: too large, not allowed, or unreachable for too long."""


class TimedOut(CallFailed):
    """No answer came in time. The request may be answered yet; `sluicegate find` says where it is."""

    def __init__(self, request_id: str, seconds: float) -> None:
        super().__init__(
            f"no answer to {request_id!r} within {seconds:g} s; "
            f"is a worker running? `sluicegate find {request_id}` says where the request is",
            request_id,
        )


class AnswerUnreadable(CallFailed):
    """An answer came whose bytes this client can't read; its schemas may be older than the worker's."""


class InferenceFailed(CallFailed):
    """The processor's answer is FAILED; `retriable` says whether the same request may succeed later."""

    def __init__(
        self,
        request_id: str,
        code: str,
        message: str,
        retriable: bool = False,
        details: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}", request_id)
        self.code = code
        self.message = message
        self.retriable = retriable
        self.details = dict(details or {})
