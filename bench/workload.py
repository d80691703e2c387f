"""The requests that the benchmarks send: echo requests with every header, some invalid, some repeated.

The same seed gives the same requests, so that every contestant reads the same records.
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from schemas.envelope import event_time

DAY_MS = 24 * 3_600_000

Encode = Callable[[Mapping[str, Any]], bytes]
Headers = list[tuple[str, bytes]]


class Draft(NamedTuple):
    """A request before it is produced; `readable` is false for one that becomes a dead letter."""

    key: bytes
    value: bytes
    headers: Headers
    readable: bool = True


@dataclass(frozen=True, slots=True)
class Workload:
    """What is sent: shares are of all requests, `size` is the payload's in bytes."""

    count: int
    size: int = 200
    invalid: float = 0.01
    repeats: float = 0.1
    seed: int = 1
    remembered: int = 50_000

    def drafts(self, encode: Encode) -> Iterator[Draft]:
        """The requests in order; `encode` makes a framed value of a record.

        Half of the invalid ones are cut short, the other half have a request id that is too long. A repeat is one of
        the last that were valid (`remembered` of them), byte for byte.
        """
        chance = random.Random(self.seed)
        body = chance.randbytes(self.size)
        common = common_headers()
        recent: list[Draft] = []
        for number in range(self.count):
            lot = chance.random()
            if lot < self.repeats and recent:
                yield recent[int(chance.random() * len(recent))]
            elif lot > 1 - self.invalid:
                yield self._wrong(number, body, common, encode)
            else:
                draft = self._draft(number, body, common, encode)
                yield draft
                if len(recent) < self.remembered:
                    recent.append(draft)
                else:
                    recent[number % self.remembered] = draft

    def _draft(self, number: int, body: bytes, common: Headers, encode: Encode) -> Draft:
        name = f"request-{self.seed}-{number:09d}"
        key = name.encode()
        value = encode({"request_id": name, "payload": key + body[len(key) :]})
        headers = [
            *common,
            ("ce_id", key),
            ("correlation-id", key),
            ("traceparent", f"00-{number:032x}-{number:016x}-01".encode()),
        ]
        return Draft(key, value, headers)

    def _wrong(self, number: int, body: bytes, common: Headers, encode: Encode) -> Draft:
        draft = self._draft(number, body, common, encode)
        if number % 2:
            return draft._replace(value=draft.value[: len(draft.value) // 2], readable=False)
        return draft._replace(value=encode({"request_id": draft.key.decode() * 20, "payload": body}))


def common_headers() -> Headers:
    """CloudEvents' own headers, a deadline far off, and one of the sender's own: the same for all requests."""
    now = time.time()
    return [
        ("ce_specversion", b"1.0"),
        ("ce_source", b"/bench"),
        ("ce_type", b"sluicegate.echo.request"),
        ("ce_time", event_time(now)),
        ("content-type", b"application/avro"),
        ("deadline", str(int(now * 1000) + DAY_MS).encode()),
        ("x-tenant", b"bench"),
    ]
