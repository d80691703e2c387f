"""Ports of the local stack: free, or a clear line on who has them."""

import random
import socket

import psutil

from streams.mistake import UserMistake

HOST = "127.0.0.1"


def require(port: int, setting: str, address: str | None = None) -> None:
    """Make sure that nothing listens on the port.

    `setting` moves it, and `address`, where there is one, tells clients. Raises UserMistake otherwise.
    """
    if is_free(port):
        return
    variable = f"SLUICEGATE_{setting.upper().replace('.', '__')}"
    clients = f", and put it in {address} too" if address else ""
    raise UserMistake(
        f"port {port} is in use{owner(port)}: stop that, or take another port with {setting} ({variable}){clients}"
    )


def is_free(port: int) -> bool:
    """Whether this machine lets us listen there."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def owner(port: int) -> str:
    """Who listens there, in words; empty when the system does not tell."""
    try:
        listening = (one for one in psutil.net_connections("tcp") if one.status == psutil.CONN_LISTEN)
        pids = [one.pid for one in listening if one.laddr.port == port and one.pid]
        return f" by {psutil.Process(pids[0]).name()}, pid {pids[0]}" if pids else ""
    except psutil.Error:
        return ""


def free(count: int) -> list[int]:
    """Ports that are free now, all different; for tests.

    They lie below those that systems give to outgoing connections, so that a server finds its own free again after a
    kill.
    """
    found: set[int] = set()
    while len(found) < count:
        port = random.randrange(20_000, 32_000)
        if is_free(port):
            found.add(port)
    return list(found)
