"""The workload: clients and readers around a real lane, for as long as something disturbs it. It makes a history.

Half of the clients send records, half of them transactions of which every third aborts or is left open. One reader
stays, two share a group and come and go, and one reads everything afterwards.
"""

import time
from collections.abc import Callable, Mapping
from random import Random

from streams.client.record import Record
from streams.proof.history.operations import History, Seen
from streams.proof.history.readers import Member, Reader, Resident, read_afterwards, seen_as
from streams.proof.history.recorder import Recorder
from streams.proof.history.sender import Sender
from streams.proof.history.senders import RecordSender, TransactionSender
from streams.proof.site import Site
from streams.settings import Settings
from streams.supervisor import Supervisor

RATE = 100.0
"""Operations a second, of all clients."""
CLIENTS = 4
SETTLE_SECONDS = 60.0

Disturb = Callable[[Supervisor], None]


def record(
    site: Site,
    supervisor: Supervisor,
    seconds: float,
    seed: int,
    disturb: Disturb,
    *,
    clients: Settings | None = None,
    rate: float = RATE,
    settle_seconds: float = SETTLE_SECONDS,
) -> History:
    """What happened while `disturb(supervisor)` ran: for at least so many seconds, and until it returns.

    The supervisor's workers serve the site's lane; whoever calls starts and stops them. `disturb` must have mended what
    it broke when it returns: afterwards answers to everything are awaited, `settle_seconds` at most. `clients` are the
    settings of clients and readers, for those that come another way to the broker. Blocks; raises what `disturb`
    raises, and TimeoutError when a client can't be stopped.
    """
    began = time.monotonic()
    recorder = Recorder(site.requests, site.results)
    read = reading(site)
    chosen, topics = clients or site.settings, (site.requests, site.results)
    readers = started_readers(chosen, topics, read, recorder, Random(seed))
    senders = started_senders(chosen, site, recorder, Random(seed), rate)
    try:
        disturb(supervisor)
        time.sleep(max(0.0, began + seconds - time.monotonic()))
        for sender in senders:
            sender.stop()
        settled(recorder, readers, settle_seconds)
    finally:
        for sender in senders:
            sender.cease()
        for reader in readers:
            reader.stop()
    read_afterwards(chosen, topics, read, recorder)
    return recorder.history()


def started_senders(settings: Settings, site: Site, recorder: Recorder, random: Random, rate: float) -> list[Sender]:
    """The clients, at work."""
    codec = site.codec("request")

    def encode(value: str) -> bytes:
        return codec.encode({"request_id": value, "payload": value.encode()})

    kinds = [(RecordSender, "records"), (TransactionSender, "transactions")]
    senders = [
        kind(settings, site.requests, encode, recorder, f"{name}-{number}", rate / CLIENTS, Random(random.random()))
        for number in range(CLIENTS // 2)
        for kind, name in kinds
    ]
    for sender in senders:
        sender.start()
    return senders


def started_readers(
    settings: Settings, topics: tuple[str, str], read: Callable[[Record], Seen], recorder: Recorder, random: Random
) -> list[Reader]:
    """The readers, at work."""
    group = f"{topics[1]}-readers"
    readers: list[Reader] = [Resident(settings, topics, read, recorder, "resident")]
    for number in range(2):
        name = f"member-{number}"
        readers.append(Member(settings, topics, read, recorder, name, group=group, random=Random(random.random())))
    for reader in readers:
        reader.start()
    return readers


def reading(site: Site) -> Callable[[Record], Seen]:
    """What turns a record of the site's topics into what was seen."""
    codecs: Mapping[str, Callable[[bytes], dict[str, object]]] = {
        site.requests: site.codec("request").decode,
        site.results: site.codec("result").decode,
    }
    return lambda record: seen_as(record, str(codecs[record.topic](record.value or b"")["request_id"]))


def settled(recorder: Recorder, readers: list[Reader], seconds: float) -> bool:
    """Blocks until everything is answered, or the time is over; False then. Raises what stopped a reader."""
    deadline = time.monotonic() + seconds
    while recorder.unanswered():
        for reader in readers:
            if reader.problem is not None:
                raise reader.problem
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True
