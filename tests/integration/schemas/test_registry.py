"""The real registry keeps the contract of the one in memory."""

from collections.abc import Iterator

import pytest

from schemas.registry import Registry
from tests.contracts.registry_suite import RegistrySuite

pytestmark = pytest.mark.integration


class TestRealRegistry(RegistrySuite):
    @pytest.fixture
    def registry(self, registry_url: str) -> Iterator[Registry]:
        connected = Registry(registry_url)
        yield connected
        connected.close()

    @pytest.fixture
    def another(self, registry_url: str) -> Iterator[Registry]:
        """A second client of the same registry, which has cached nothing."""
        connected = Registry(registry_url)
        yield connected
        connected.close()
