"""The whole lane but for Kafka, with a handler that does what a plan says.

Entries as intake makes them, a real pipeline, the event loop with a clock that jumps instead of waiting, and a
committer that applies what it would have written.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog
from confluent_kafka import Message
from pydantic import Field

from processors.contract import BatchPolicy
from schemas import avsc
from schemas.codec import Codec
from schemas.handler import Effects, Emission, State
from schemas.outcome import Code, Completed, Failed, Outcome
from schemas.records import RequestRecord
from schemas.request import Request
from schemas.subjects import subject
from schemas.testing import MemoryRegistry
from streams.admission import Admission
from streams.answering import Answering
from streams.binding import bind
from streams.committing import Changes
from streams.entry import Entry
from streams.flight import Batch
from streams.output import Output
from streams.partition import Partition
from streams.pipeline import Bounds, Pipeline
from streams.processing import Processing
from streams.repeats.book import AnswerBook
from streams.repeats.book import Bounds as BookBounds
from streams.repeats.digest import digest_id
from streams.settings import Settings
from streams.state_keeper import keeper_for
from tests.jumping_loop import JumpingLoop

BINDING = bind(Settings(), "echo")
HOUR_MS = 3_600_000
SIDE = "side-effects"
INVALID = "c"


class Wish(RequestRecord):
    """What the lane takes."""

    payload: bytes = Field(min_length=1)


@dataclass(frozen=True)
class Ask:
    """A request: its id (few, so that there are twins), how it ends if it is inferred, whether it comes late.

    Requests with the id INVALID have wrong values. A `lost` one wants its answer on a topic that is not there.
    """

    request_id: str
    ending: str
    late: bool = False
    lost: bool = False


@dataclass(frozen=True)
class Plan:
    """A run of a lane: requests, how they are cut, what goes wrong and when.

    `raises` are the numbers of the handler's calls that raise, `aborts` those of the transactions that abort instead.
    """

    asks: list[Ask]
    slots: int
    size: int
    chunk: int
    delays: list[int]
    raises: set[int]
    aborts: set[int]
    stateful: bool


@dataclass
class Script:
    """A handler that ends each request as its plan says, tells a side topic, and writes its state."""

    plan: Plan
    stateful: bool
    stores: tuple[str, ...]
    calls: int = 0
    running: int = 0
    most_running: int = 0
    seen: list[int] = field(default_factory=list)

    async def handle(self, requests: Sequence[Request], state: State, now: float) -> Effects:
        number, self.calls = self.calls, self.calls + 1
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            if self.stateful:
                for request in requests:
                    place = b"%d" % request.offset
                    state.partition(request.topic, request.partition).put("seen", place, place)
            await asyncio.sleep(self.plan.delays[number % len(self.plan.delays)] / 8)
            if number in self.plan.raises:
                raise ConnectionError("the handler's own trouble")
        finally:
            self.running -= 1
        self.seen += [request.offset for request in requests]
        emissions = [Emission(SIDE, None, b"%d" % request.offset, []) for request in requests]
        return Effects([self.outcome(request) for request in requests], emissions)

    def outcome(self, request: Request) -> Outcome | None:
        ending, told = self.plan.asks[request.offset].ending, b"%d" % request.offset
        if ending == "silent":
            return None
        if ending == "final" or (ending == "wavers" and self.calls == 1):
            return Completed({"payload": told})
        return Failed(Code.PROCESSOR_FAILED, told.decode(), retriable=ending != "failed")


UNINFERRED = {
    Code.DEADLINE_EXCEEDED: "late",
    Code.INVALID_ARGUMENT: "invalid",
    Code.INVALID_REPLY_TO: "lost",
}


@dataclass(frozen=True)
class Told:
    """An answer as a reader sees it: which request it is for, whose inference it holds, and how it ended."""

    offset: int
    source: int | None
    kind: str
    replayed: bool


class Lane:
    """A lane without Kafka, and what it committed."""

    def __init__(self, plan: Plan) -> None:
        registry = MemoryRegistry()
        self.codec = bound_codec(registry, BINDING.results, "result")
        self.requests = bound_codec(registry, BINDING.requests[0], "request")
        self.admission = Admission("echo", self.requests, Wish, None, BINDING.dead_letters_of, remember=True)
        self.plan = plan
        self.partition = Partition("requests", 0, AnswerBook(BookBounds(1_000, 1 << 20, HOUR_MS)))
        stores = ("seen",) if plan.stateful else ()
        self.script = Script(plan, plan.stateful, stores)
        self.keeper = keeper_for(BINDING, stores)
        self.keeper.assign(self.partition)
        slots = 1 if plan.stateful else plan.slots
        policy = BatchPolicy(size=plan.size, wait_ms=0)
        self.pipeline = Pipeline(policy, slots, Bounds(100, 1 << 20, 4, 1 << 20), self.dispatched)
        answering = Answering(BINDING, self.codec, "m", "1", lambda _: 1 << 20, lambda _: "not there", lambda *_: None)
        self.processing = Processing(self.pipeline, self.script, self.keeper, answering, self.look_up)
        self.tasks: list[asyncio.Task[None]] = []
        self.committed = 0
        self.transactions = 0
        self.outputs: list[Output] = []
        self.batches: list[Batch] = []

    def dispatched(self, batch: Batch) -> None:
        self.tasks.append(asyncio.get_running_loop().create_task(self.processing.run(batch)))

    async def look_up(self, entries: Sequence[Entry]) -> None:
        await asyncio.sleep(0)

    def entry(self, offset: int) -> Entry:
        """A request as it is admitted: an answer that is known, or a twin to wait for, or nothing yet."""
        ask = self.plan.asks[offset]
        record = {"request_id": ask.request_id, "payload": b"" if ask.request_id == INVALID else b"good"}
        headers = [("deadline", b"1")] if ask.late else []
        headers += [("reply-to", b"nowhere")] if ask.lost else []
        message = Message("requests", 0, offset, None, self.requests.encode(record), headers, None, (1, 0))
        digest = digest_id(ask.request_id)
        known = self.partition.in_flight.get(digest) is None and self.partition.book.recall(digest, 0) is not None
        # A new one's deadline passes between admission and inference.
        return self.admission.admit(self.partition, message, 2 if known else 0)

    async def live(self) -> None:
        """Until everything is committed."""
        self.pipeline.resume(0)
        admitted = 0
        while self.committed < len(self.plan.asks):
            chunk = range(admitted, min(admitted + self.plan.chunk, len(self.plan.asks)))
            self.pipeline.offer([self.entry(offset) for offset in chunk], 0, backlog=False)
            admitted = chunk.stop if chunk else admitted
            await asyncio.sleep(1 / 8)
            if not self.commit():
                admitted = self.committed
        await asyncio.gather(*self.tasks)

    def commit(self) -> bool:
        """One transaction; False when it aborts, and everything that is not committed is to be read again."""
        batches = self.pipeline.ready(0)
        if not batches:
            return True
        self.transactions += 1
        if self.transactions - 1 in self.plan.aborts:
            self.pipeline.abort("test")
            self.pipeline.restart()
            self.keeper.roll_back()
            self.partition.in_flight.clear()
            self.pipeline.resume(0)
            return False
        changes = Changes(batches, BINDING)
        self.outputs += [output for batch in batches for output in batch.outputs()]
        self.batches += batches
        self.committed = batches[-1].entries[-1].offset + 1
        changes.apply(0)
        self.keeper.commit_through(batches[-1].number)
        self.pipeline.committed(batches)
        return True

    def told(self) -> list[Told]:
        return [self.read(output) for output in self.outputs if output.topic == BINDING.results]

    def read(self, output: Output) -> Told:
        headers = dict(output.headers)
        result = self.codec.decode(output.value)
        offset = int((headers["ce_id"] or b"").decode().rpartition(":")[2])
        replayed = "replayed" in headers
        if result["status"] == "COMPLETED":
            return Told(offset, int(result["payload"]), "final", replayed)
        error = result["error"]
        if (kind := UNINFERRED.get(error["code"])) is not None:
            return Told(offset, None, kind, replayed)
        return Told(offset, int(error["message"]), "retriable" if error["retriable"] else "failed", replayed)


def bound_codec(registry: MemoryRegistry, topic: str, kind: str) -> Codec:
    schema = avsc.load("echo", kind)
    registry.register(subject(topic), schema)
    codec = Codec(schema, subject(topic), registry)
    codec.bind()
    return codec


def run(plan: Plan) -> Lane:
    loop = JumpingLoop()
    asyncio.set_event_loop(loop)
    try:
        with structlog.testing.capture_logs():
            lane = Lane(plan)
            loop.run_until_complete(asyncio.wait_for(lane.live(), 10_000))
            return lane
    finally:
        loop.close()
        asyncio.set_event_loop(None)
