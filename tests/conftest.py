"""What every test may ask for; nothing here starts before a test asks."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import Phase
from hypothesis import settings as hypothesis_settings

from streams.settings import Settings, StackSettings
from streams.stack.layout import Layout
from streams.stack.testing import RUNNING, StackForTests, sweep_orphans

ROOT = Path(__file__).parent.parent
MARKED_FOLDERS = ("integration", "e2e", "gpu")

# A busy machine is slow, not wrong: how long one example takes says nothing.
hypothesis_settings.register_profile("patient", deadline=None)
# Whoever only asks whether a test fails does not wait for the smallest example.
hypothesis_settings.register_profile("hasty", deadline=None, phases=(Phase.explicit, Phase.generate))
hypothesis_settings.load_profile("patient")

# a person's own settings change no test
os.environ["SLUICEGATE_SETTINGS"] = os.devnull
for name in [name for name in os.environ if name.startswith("SLUICEGATE_") and "__" in name]:
    del os.environ[name]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test below tests/integration has the marker `integration`, and so on."""
    for item in items:
        folder = item.path.relative_to(ROOT / "tests").parts[0]
        if folder in MARKED_FOLDERS:
            item.add_marker(folder)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackForTests]:
    """A real Kafka and registry on free ports, one for the whole session, or for several in a row."""
    jars = Layout.of(StackSettings(directory=ROOT / ".sluicegate")).jars
    if RUNNING in os.environ:
        shared = StackForTests.running(Path(os.environ[RUNNING]), jars)
        shared.up()
        yield shared
        return
    sweep_orphans()
    local = StackForTests.on_free_ports(tmp_path_factory.mktemp("stack"), jars)
    try:
        local.train()
        local.up()
        yield local
    finally:
        local.discard()


@pytest.fixture(scope="session")
def settings(stack: StackForTests) -> Settings:
    """Settings that point at the session's stack."""
    return stack.settings


@pytest.fixture(scope="session")
def bootstrap(stack: StackForTests) -> str:
    """The address of the session's Kafka."""
    return stack.bootstrap


@pytest.fixture(scope="session")
def registry_url(stack: StackForTests) -> str:
    """The address of the session's registry."""
    return stack.settings.registry.url


@pytest.fixture(scope="session")
def new_topic(stack: StackForTests) -> Callable[..., str]:
    """Creates a topic with a name of its own: new_topic("requests", partitions=4, config={...})."""
    return stack.new_topic
