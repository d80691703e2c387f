"""The proxy, between clients and a broker that answers every request with itself."""

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress

import pytest

from streams.proof.proxy import END_TXN, FrameProxy
from streams.proof.toxics import Bandwidth, Latency, Slicer, Stall, Timeout, Toxic
from streams.testing import eventually

TIMEOUT = 5.0


class Echo:
    """A server that sends back what it gets."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._server.getsockname()[1]}"
        self.got: list[bytes] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        # A thread that waits in accept keeps a closed socket alive.
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, suppress(ConnectionError):
            while data := connection.recv(65_536):
                self.got.append(data)
                connection.sendall(data)


class Client:
    """A connection that sends frames and gets them back."""

    def __init__(self, proxy: FrameProxy) -> None:
        self._socket = socket.create_connection(("127.0.0.1", proxy.port), TIMEOUT)

    def leave(self) -> None:
        self._socket.close()

    def send(self, body: bytes) -> None:
        self._socket.sendall(struct.pack(">i", len(body)) + body)

    def get(self) -> bytes:
        """The next answer; empty when the other side has closed."""
        head = self._exactly(4)
        return self._exactly(struct.unpack(">i", head)[0]) if head else b""

    def ask(self, body: bytes) -> float:
        """Sends and gets back; the seconds that it took."""
        began = time.monotonic()
        self.send(body)
        assert self.get() == body
        return time.monotonic() - began

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            more = self._socket.recv(count - len(data))
            if not more:
                return b""
            data += more
        return data


@pytest.fixture
def echo() -> Iterator[Echo]:
    server = Echo()
    with suppress(OSError), closing(server):
        yield server


@pytest.fixture
def proxy(echo: Echo) -> Iterator[FrameProxy]:
    with FrameProxy(echo.address) as running:
        yield running


def test_the_broker_s_address_in_an_answer_becomes_the_proxy_s(proxy: FrameProxy, echo: Echo) -> None:
    client = Client(proxy)
    client.send(b"\x00\x03" + b"127.0.0.1" + struct.pack(">i", int(echo.address.split(":")[1])) + b"!")
    assert client.get() == b"\x00\x03" + b"127.0.0.1" + struct.pack(">i", proxy.port) + b"!"


@pytest.mark.parametrize(
    ("toxic", "least"),
    [(Latency(50), 0.1), (Bandwidth(40), 2 * 4_000 / 40_000), (Slicer(100, 50, 500), 2 * 4_000 / 150 * 0.0005)],
)
def test_under_a_toxic_all_bytes_come_and_come_late(proxy: FrameProxy, toxic: Toxic, least: float) -> None:
    client = Client(proxy)
    with proxy.under(toxic):
        assert client.ask(b"\x00\x03" + bytes(4_000)) >= least
    assert client.ask(b"\x00\x03healthy") < least


def test_latency_delays_each_frame_but_not_one_after_the_other(proxy: FrameProxy) -> None:
    client = Client(proxy)
    with proxy.under(Latency(200)):
        began = time.monotonic()
        for number in range(10):
            client.send(struct.pack(">hh", 3, number))
        assert [client.get() for _ in range(10)] == [struct.pack(">hh", 3, number) for number in range(10)]
        assert 0.4 <= time.monotonic() - began < 1.5


def test_what_was_sent_during_a_timeout_never_comes_and_the_connection_ends_with_it(
    proxy: FrameProxy, echo: Echo
) -> None:
    client = Client(proxy)
    client.ask(b"\x00\x03before")
    with proxy.under(Timeout()):
        client.send(b"\x00\x03lost")
        other = Client(proxy)
        other.send(b"\x00\x03lost too")
        eventually(lambda: proxy.seen.get(3) == 3)
    assert client.get() == b""
    assert other.get() == b""
    assert not any(b"lost" in data for data in echo.got)
    Client(proxy).ask(b"\x00\x03after")


def test_what_was_sent_during_a_stall_comes_when_it_is_over_even_if_its_client_has_gone(
    proxy: FrameProxy, echo: Echo
) -> None:
    client, other = Client(proxy), Client(proxy)
    with proxy.under(Stall()):
        client.send(b"\x00\x03patient")
        other.send(b"\x00\x03hasty")
        eventually(lambda: proxy.seen.get(3) == 2)
        other.leave()
        assert echo.got == []
    assert client.get() == b"\x00\x03patient"
    eventually(lambda: any(b"hasty" in data for data in echo.got), what="the late request")


def test_while_it_is_down_nobody_listens_and_every_connection_is_closed(proxy: FrameProxy) -> None:
    client = Client(proxy)
    client.ask(b"\x00\x03before")
    with proxy.down():
        assert client.get() == b""
        with pytest.raises(ConnectionRefusedError):
            Client(proxy)
    Client(proxy).ask(b"\x00\x03after")


def test_every_connection_can_be_reset(proxy: FrameProxy) -> None:
    client = Client(proxy)
    client.ask(b"\x00\x03before")
    assert proxy.drop_all(reset=True) == 1
    with pytest.raises(ConnectionResetError):
        client.get()


def test_without_a_broker_a_client_is_turned_away(proxy: FrameProxy, echo: Echo) -> None:
    echo.close()
    eventually(lambda: Client(proxy).get() == b"", what="a closed connection")


def test_an_answer_to_an_earlier_request_is_not_that_to_the_one_held_back(proxy: FrameProxy) -> None:
    # An answer begins with its request's number: here with the request's first four bytes, as all is sent back.
    kind = struct.pack(">hh", END_TXN, 3)
    client = Client(proxy)
    proxy.hold_next(END_TXN)
    earlier, held = b"\x00\x03\x00\x01" + bytes(8), kind + kind
    client._socket.sendall(b"".join(struct.pack(">i", len(body)) + body for body in (earlier, held)))
    assert proxy.holding.wait(TIMEOUT)
    assert not proxy.answered.wait(0.3)
    proxy.release()
    assert proxy.answered.is_set()
