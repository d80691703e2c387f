"""Multi-step jobs with compensating actions, on the same log as the requests.

Definitions of sagas, the engine that advances them and the harness to test them live here. They talk to processors only
through messages: this package imports `schemas` and nothing else of ours.
"""
