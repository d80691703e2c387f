"""Multi-step jobs with compensating actions, on the same log as the requests.

Saga definitions (steps with their compensation beside them) and the pure engine `(state, input, now) -> (state, effects)`
live here. They talk to processors only through messages: this package imports `schemas` and nothing else of ours.
"""
