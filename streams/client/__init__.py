"""The Python client: requests out, their answers awaited. `Client`, its `Result`, and what can go wrong."""

from streams.client.client import Client
from streams.client.errors import (
    AnswerUnreadable,
    CallFailed,
    ClientError,
    ClusterUnreachable,
    InferenceFailed,
    InvalidRecord,
    LoginRefused,
    NotAllowed,
    NotReady,
    NotSent,
    TimedOut,
    TopicMissing,
    UnknownProcessor,
)
from streams.client.result import Result
from streams.client.tensors import TensorError, numbers, tensor

__all__ = [
    "AnswerUnreadable",
    "CallFailed",
    "Client",
    "ClientError",
    "ClusterUnreachable",
    "InferenceFailed",
    "InvalidRecord",
    "LoginRefused",
    "NotAllowed",
    "NotReady",
    "NotSent",
    "Result",
    "TensorError",
    "TimedOut",
    "TopicMissing",
    "UnknownProcessor",
    "numbers",
    "tensor",
]
