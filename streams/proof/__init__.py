"""Proofs of the promise: load with known answers, faults, independent readers, a checker, and a frame-aware proxy."""
