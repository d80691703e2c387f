"""`sluicegate demo`: real work through the whole system, a worker killed in the middle of it, and the proof."""
