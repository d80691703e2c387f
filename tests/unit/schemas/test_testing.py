"""The registry in memory keeps the contract of the real one."""

import pytest

from schemas.registry import Registry
from schemas.testing import MemoryRegistry
from tests.contracts.registry_suite import RegistrySuite


class TestMemoryRegistry(RegistrySuite):
    @pytest.fixture
    def registry(self) -> MemoryRegistry:
        return MemoryRegistry()

    @pytest.fixture
    def another(self, registry: MemoryRegistry) -> Registry:
        """A second client of the same registry, which has cached nothing."""
        return Registry("memory:", source=registry.source)
