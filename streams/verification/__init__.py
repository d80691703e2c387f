"""The proof from topics alone: each request has one outcome, in order, and no outcome is without a request.

`verifier` is the core: it is told of requests, then of outcomes, and concludes. `gather` reads the topics.
"""
