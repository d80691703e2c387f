"""Lanes for the tests of the clients."""

from collections.abc import Callable, Iterator

import pytest

from streams.stack.testing import StackForTests
from tests.integration.client.lane import EchoLane, StandIn


@pytest.fixture(scope="session")
def new_lane(stack: StackForTests) -> Callable[[], EchoLane]:
    """Makes an echo lane with topics of its own."""
    return lambda: EchoLane.made(stack.settings, stack.environment)


@pytest.fixture
def lane(new_lane: Callable[[], EchoLane]) -> EchoLane:
    """An echo lane for one test; nobody answers."""
    return new_lane()


@pytest.fixture(scope="module")
def answering(new_lane: Callable[[], EchoLane]) -> Iterator[StandIn]:
    """An echo lane for the tests of a module, with a stand-in that answers."""
    with StandIn(new_lane()) as stand_in:
        yield stand_in
