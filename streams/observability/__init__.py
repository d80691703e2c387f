"""What a running worker shows of itself: logs, metrics, health."""
