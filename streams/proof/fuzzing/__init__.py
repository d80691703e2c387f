"""Bytes that nobody meant, given to everything that reads bytes: only the documented errors may come of them."""
