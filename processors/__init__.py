"""Inference: the processor contract, the host process for each device, and one folder for each processor."""
