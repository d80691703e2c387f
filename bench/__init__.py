"""Benchmarks: programs that measure this project beside others. Not part of the wheel."""
