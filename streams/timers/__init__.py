"""Durable timers: due times in a lane's store, and when they may fire. DESIGN: never early, never before the input."""
