"""Starts sagas, and meddles with some of them: everything that comes from outside in a proof of sagas."""

import math
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random
from typing import Any

from confluent_kafka import KafkaError, Message

from sagas.events import EventKind
from sagas.inputs import CommandKind
from sagas.wire.messages import LANE
from schemas.registry import Registry
from streams.client.connection import producer
from streams.client.routes import Route, open_route
from streams.proof.intakes import SAGA, Case, Intake
from streams.sagas.asking import command
from streams.settings import Settings

TWICE = 0.05
TICK_SECONDS = 0.02


def release_id(intake_id: str) -> str:
    """The request by which somebody else releases a saga's credits."""
    return f"meddling-{intake_id}"


def cancel_id(intake_id: str) -> str:
    """The request to cancel a saga."""
    return f"cancel-{intake_id}"


def earlier_id(intake_id: str) -> str:
    """The request that put a document before its saga could."""
    return f"earlier-{intake_id}"


class Sender:
    """Sends requests to lanes of a site; any thread may."""

    def __init__(self, settings: Settings, registry: Registry) -> None:
        self._producer = producer(settings, "intakes", **{"delivery.timeout.ms": 120_000})
        self._routes = {lane: open_route(settings, registry, lane) for lane in (LANE, "ledger", "index")}
        self.problems: list[str] = []

    def send(self, lane: str, record: Mapping[str, Any]) -> None:
        """A request, with the key that its lane wants."""
        route: Route = self._routes[lane]
        key = str(record[route.key_field or "request_id"]).encode()
        self._producer.produce(route.topic, route.encode(record), key, on_delivery=self._delivered)
        self._producer.poll(0)

    def flush(self, seconds: float = 120.0) -> None:
        """Blocks until all of it is in the log. Raises TimeoutError."""
        if self._producer.flush(seconds) or self.problems:
            raise TimeoutError(f"not every request reached the log: {self.problems[:3]}")

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self.problems.append(str(error))


class IntakeLoad(threading.Thread):
    """Starts the sagas in order, at most `allowed` of them; some are started twice."""

    def __init__(self, sender: Sender, asked: Sequence[Intake], random: Random, allowed: float = 0.0) -> None:
        super().__init__(name="intakes", daemon=True)
        self._sender, self._asked = sender, asked
        self._twice = {intake.document_id for intake in asked if random.random() < TWICE}
        self._stopping = threading.Event()
        self.allowed = allowed
        self.sent = 0
        self.problem: BaseException | None = None

    def run(self) -> None:
        """Sends until all are sent or it is told to stop."""
        try:
            for intake in self._asked:
                while self.sent >= self.allowed:
                    if self._stopping.wait(TICK_SECONDS):
                        return
                for _ in range(1 + (intake.document_id in self._twice)):
                    start = command(CommandKind.START, intake.document_id, saga=SAGA, payload=intake.message)
                    self._sender.send(LANE, start)
                self.sent += 1
            self._sender.flush()
        except BaseException as error:
            self.problem = error

    def finish(self, seconds: float = 120.0) -> None:
        """Lets it send the rest, and blocks until all is in the log. Raises what kept it from that."""
        self.allowed = math.inf
        self.join(seconds)
        if self.problem is not None:
            raise self.problem
        if self.is_alive():
            raise TimeoutError(f"{self.sent} sagas were started within {seconds:g} s")

    def stop(self) -> None:
        """Sends no more, if it ever did."""
        self._stopping.set()
        if self.ident is not None:
            self.join(10)


class Meddler:
    """Releases a saga's credits, or cancels it, as soon as its history says that it is time to."""

    def __init__(self, send: Callable[[str, Mapping[str, Any]], None], asked: Iterable[Intake]) -> None:
        self._send = send
        self._asked = {intake.document_id: intake for intake in asked}

    def see(self, event: Mapping[str, Any]) -> None:
        """Takes a record of a history."""
        intake = self._asked.get(event["saga_id"])
        if intake is None:
            return
        place = (event["event"], event["step"])
        if intake.case is Case.RELEASED and place == (EventKind.STEP_DONE, "reserve"):
            self._send("ledger", ledger_request(release_id(intake.document_id), "RELEASE", intake.tenant, intake))
        elif intake.case is Case.CANCELLED and place == (EventKind.STEP_SENT, "put"):
            self._send(
                LANE, {**command(CommandKind.CANCEL, intake.document_id), "request_id": cancel_id(intake.document_id)}
            )


def ledger_request(
    request_id: str, operation: str, tenant: str, intake: Intake | None = None, amount: int = 0
) -> dict[str, Any]:
    """A request to the ledger."""
    reservation = "" if intake is None else intake.document_id
    return {
        "request_id": request_id,
        "operation": operation,
        "tenant": tenant,
        "amount": amount,
        "reservation": reservation,
    }


def prepare(sender: Sender, asked: Iterable[Intake], granted: Mapping[str, int]) -> None:
    """Grants the tenants' credits, and puts the documents that are there already."""
    for tenant, amount in granted.items():
        sender.send("ledger", ledger_request(f"grant-{tenant}", "GRANT", tenant, amount=amount))
    for intake in asked:
        if intake.case is Case.EXISTS:
            embedding = {"dtype": "float32", "shape": [1], "data": bytes(4)}
            sender.send(
                "index",
                {
                    "request_id": earlier_id(intake.document_id),
                    "operation": "PUT",
                    "document_id": intake.document_id,
                    "text": "an earlier one",
                    "metadata": {},
                    "embedding": embedding,
                    "undo_of": "",
                },
            )
    sender.flush()
