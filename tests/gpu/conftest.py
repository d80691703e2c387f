"""These tests need CUDA. Without it they are reported as not run, and why: the one place where tests may be skipped."""

import pytest
import torch


@pytest.fixture(autouse=True, scope="session")
def cuda() -> None:
    """Skip, with the reason in the summary, where there is no CUDA device."""
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device: the tests of tests/gpu were not run")
