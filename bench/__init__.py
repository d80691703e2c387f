"""Benchmarks: programs that measure this project beside others. Not part of the wheel."""

from pathlib import Path

RESULTS = Path(__file__).parent / "results"
"""Where figures are kept, as JSON."""
