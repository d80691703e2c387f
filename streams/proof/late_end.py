"""A transactor behind a proxy that holds back what ends a transaction, and lets it go in the next one (KAFKA-17754).

The product ends a transaction that it gives up by initialising a producer anew, never by an EndTxn that aborts: so a
late commit is an EndTxn, and a late abort is an InitProducerId.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from streams.committer import Aborted, Fenced, Work
from streams.output import Output
from streams.proof.proxy import END_TXN, INIT_PRODUCER_ID, FrameProxy
from streams.testing import eventually
from streams.transaction import Transactor

TUNED: Mapping[str, Any] = {
    "retry.backoff.ms": 5,
    "retry.backoff.max.ms": 20,
    "linger.ms": 1,
    "reconnect.backoff.max.ms": 1_000,
}
UNTUNED: Mapping[str, Any] = {"retry.backoff.ms": 100}
COMMIT_SECONDS = 30.0


class Unguarded(Transactor):
    """As if the guard had been forgotten: a producer is kept after any commit that returned."""

    def discard(self, why: str) -> None:
        if why in ("abort", "error"):
            super().discard(why)

    def renew_if_disturbed(self) -> None:
        pass


class Interrupted(Exception):
    """What ends the transaction that must not be seen."""


class Sight:
    """What a reader of one partition sees."""

    def __init__(self, bootstrap: str, topic: str, isolation: str) -> None:
        self._settings = {"bootstrap.servers": bootstrap, "group.id": "sight", "isolation.level": isolation}
        self._topic = topic

    def values(self) -> list[bytes]:
        """Everything up to the end, as this isolation level sees it. Blocks."""
        consumer = Consumer(
            {**self._settings, "auto.offset.reset": "earliest", "enable.partition.eof": True, "fetch.wait.max.ms": 10}
        )
        consumer.assign([TopicPartition(self._topic, 0, 0)])
        values: list[bytes] = []
        try:
            while (message := consumer.poll(10)) is not None:
                if message.error():
                    return values
                values.append(message.value() or b"")
        finally:
            consumer.close()
        raise TimeoutError(f"the end of {self._topic} did not come")


class LateEnd:
    """A transactor behind the proxy, and what happens to its transactions; a context manager.

    `topic` has one partition; `renewed` says why producers were made anew.
    """

    def __init__(
        self,
        kind: type[Transactor],
        proxy: FrameProxy,
        bootstrap: str,
        topic: str,
        *,
        tuned: Mapping[str, Any] = TUNED,
        producers: int = 1,
    ) -> None:
        self.proxy, self.topic = proxy, topic
        self.renewed: list[str] = []
        properties = {**tuned, "bootstrap.servers": proxy.bootstrap, "transaction.timeout.ms": 60_000}
        self._in_turn = [{**properties, "transactional.id": f"{topic}-{number}"} for number in range(producers)]
        self._kind = kind
        self.transactor = self._made()
        group = Consumer({"bootstrap.servers": bootstrap, "group.id": topic})
        self.metadata = group.consumer_group_metadata()
        group.close()
        self.committed = Sight(bootstrap, topic, "read_committed")
        self.uncommitted = Sight(bootstrap, topic, "read_uncommitted")

    def __enter__(self) -> "LateEnd":
        return self

    def __exit__(self, *_: object) -> None:
        self.transactor.close()

    def commit(self, value: bytes) -> None:
        """A transaction with one record. Raises Aborted, Fenced."""
        self.transactor.commit(self._work(iter([self._output(value)])))

    def lose_the_answer(self, value: bytes, *, reset: bool = False) -> None:
        """A commit whose first EndTxn is held back; the client's hidden retry commits it."""
        self.proxy.hold_next(END_TXN, reset=reset)
        self.commit(value)
        self._require_held()

    def lose_connections(self) -> None:
        """Every connection is dropped between two transactions, and the client has noticed."""
        self.proxy.drop_all()
        eventually(self.transactor.is_disturbed, what="a lost connection noticed")

    def interrupt(self, value: bytes, *, late: bool = True) -> None:
        """A transaction that is given up after its record, and then what was held, has reached the log."""

        def outputs() -> Iterator[Output]:
            yield self._output(value)
            self._in_the_log(value)
            if late:
                self.proxy.release()
            raise Interrupted

        with suppress(Interrupted):
            self.transactor.commit(self._work(outputs()))
            raise AssertionError("the transaction was not given up")

    def lose_the_abort(self, *, reset: bool = False) -> None:
        """The producer made anew, after an interruption: its first InitProducerId is held back, and repeated."""
        self.proxy.hold_next(INIT_PRODUCER_ID, reset=reset)
        self.transactor.settle()
        self._require_held()

    def commit_under_a_late_abort(self, value: bytes) -> bool:
        """A transaction during which the held InitProducerId arrives; as `persist`."""

        def outputs() -> Iterator[Output]:
            yield self._output(value)
            self._in_the_log(value)
            self.proxy.release()

        return self._persist(outputs(), value)

    def persist(self, value: bytes) -> bool:
        """Commits a record; whether at once.

        If not, the worker in the slot begins anew, as its lane or whoever supervises it would, and commits it then.
        """
        return self._persist(iter([self._output(value)]), value)

    def _persist(self, outputs: Iterator[Output], value: bytes) -> bool:
        try:
            self.transactor.commit(self._work(outputs))
            return True
        except (Aborted, Fenced):
            self.transactor.close()
            self.transactor = self._made()
            self.commit(value)
            return False

    def _made(self) -> Transactor:
        return self._kind(self._in_turn, COMMIT_SECONDS, self.renewed.append)

    def _output(self, value: bytes) -> Output:
        return Output(self.topic, value, None, 0, [])

    def _work(self, outputs: Iterator[Output]) -> Work:
        return Work(outputs, list, False, [], self.metadata)

    def _in_the_log(self, value: bytes) -> None:
        eventually(lambda: value in self.uncommitted.values(), what=f"{value!r} in the log")

    def _require_held(self) -> None:
        if not self.proxy.holding.is_set():
            raise AssertionError("nothing was held back")
