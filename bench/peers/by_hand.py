"""The echo lane's work as a good engineer writes it by hand: fastavro, and headers in plain Python.

The bare loops and the Quix program share it, so that what differs is how the records travel.
"""

import json
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from fastavro import parse_schema, schemaless_reader, schemaless_writer

Headers = list[tuple[str, bytes]]

COMES_BACK = frozenset(("traceparent", "tracestate", "correlation-id"))
MAX_REQUEST_ID = 256


class Unreadable(Exception):
    """A value that is no request."""


class ByHand:
    """Answers echo requests. `schemas` is the folder of the echo schemas; ids are those of the registry."""

    def __init__(self, schemas: Path, request_id: int, result_id: int) -> None:
        self._request = parse_schema(json.loads((schemas / "request.avsc").read_text()))
        self._result = parse_schema(json.loads((schemas / "result.avsc").read_text()))
        self._request_frame = b"\x00" + request_id.to_bytes(4, "big")
        self._result_frame = b"\x00" + result_id.to_bytes(4, "big")
        self.tick()

    def tick(self) -> None:
        """Looks at the clock: once for a batch is enough."""
        self._now = time.time()
        text = datetime.fromtimestamp(self._now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self._shared: Headers = [
            ("ce_source", b"/sluicegate/echo"),
            ("ce_type", b"sluicegate.echo.outcome"),
            ("ce_time", text.encode()),
            ("content-type", b"application/avro"),
        ]

    def answer(
        self, topic: str, partition: int, offset: int, sent: int, value: bytes, headers: Iterable[Any] | None
    ) -> tuple[bytes, Headers]:
        """The framed result and its headers. Raises Unreadable."""
        result, back = self.result(topic, partition, offset, sent, self._read(value), headers)
        out = BytesIO()
        out.write(self._result_frame)
        schemaless_writer(out, self._result, result)
        return out.getvalue(), back

    def result(
        self,
        topic: str,
        partition: int,
        offset: int,
        sent: int,
        request: Mapping[str, Any],
        headers: Iterable[Any] | None,
    ) -> tuple[dict[str, Any], Headers]:
        """The result record and its headers."""
        back: Headers = []
        deadline = None
        for name, content in headers or ():
            if name == "ce_id":
                back.append(("ce_causationid", content))
            elif name in COMES_BACK or name.startswith("x-"):
                back.append((name, content))
            elif name == "deadline":
                deadline = int(content)
        name = request["request_id"]
        result = {
            "request_id": name,
            "status": "COMPLETED",
            "payload": request["payload"],
            "error": None,
            "model": "echo",
            "model_version": "1",
            "queue_ms": max(0.0, self._now * 1000 - sent),
            "compute_ms": 0.0,
        }
        if not 0 < len(name) <= MAX_REQUEST_ID:
            result |= failed("INVALID_ARGUMENT", "request_id: 1 to 256 characters")
        elif deadline is not None and deadline < self._now * 1000:
            result |= failed("DEADLINE_EXCEEDED", "the deadline had passed")
        place = f"{topic}:{partition}:{offset}".encode()
        return result, [("ce_specversion", b"1.0"), ("ce_id", place), *self._shared, *back]

    def _read(self, value: bytes) -> dict[str, Any]:
        if value[:5] != self._request_frame:
            raise Unreadable("not in the wire format, or of another schema")
        body = BytesIO(value)
        body.seek(5)
        try:
            record = schemaless_reader(body, self._request, None)
        except Exception as error:
            raise Unreadable(str(error)) from error
        if body.tell() != len(value):
            raise Unreadable("bytes are missing or left over")
        return record  # type: ignore[return-value] # a record's schema gives a dict


def failed(code: str, message: str) -> dict[str, Any]:
    """The fields of a failure."""
    return {
        "status": "FAILED",
        "payload": None,
        "error": {"code": code, "message": message, "retriable": False, "details": {}},
    }
