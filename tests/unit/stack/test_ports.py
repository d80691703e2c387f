"""A port in use is an error that names the port, its owner and the cure."""

import os
import socket

import pytest

from streams.mistake import UserMistake
from streams.stack import ports


def test_a_port_in_use_names_owner_setting_and_what_clients_follow() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(UserMistake) as caught:
            ports.require(port, "stack.kafka_port", "kafka.bootstrap_servers")
    said = str(caught.value)
    assert said.startswith(f"port {port} is in use")
    assert f"pid {os.getpid()}" in said
    assert "stack.kafka_port (SLUICEGATE_STACK__KAFKA_PORT), and put it in kafka.bootstrap_servers too" in said


def test_a_server_on_all_addresses_is_in_the_way_too() -> None:
    with socket.create_server(("0.0.0.0", 0)) as server, pytest.raises(UserMistake, match="in use"):
        ports.require(server.getsockname()[1], "stack.registry_port")


def test_free_ports_are_free_and_different() -> None:
    found = ports.free(5)
    assert len(set(found)) == 5
    for port in found:
        ports.require(port, "stack.kafka_port")
