"""`echo` returns its payload, inline: for smoke tests, and for measuring everything around a model."""

from processors.contract import MEBIBYTE, BatchPolicy, Declaration
from schemas.records import RequestRecord


class EchoRequest(RequestRecord):
    """Any bytes."""

    payload: bytes


declaration = Declaration(
    name="echo",
    implementation="processors.echo.processor:Echo",
    request=EchoRequest,
    model="echo",
    model_version="1",
    batch=BatchPolicy(size=512, wait_ms=3.0, bytes=8 * MEBIBYTE),
    inline=True,
)
