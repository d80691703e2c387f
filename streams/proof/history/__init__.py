"""Histories in the manner of Jepsen's Kafka workload: what clients did and saw, and whether a log can explain it.

`check` judges a history; `workload` records one over a real lane while something else disturbs it.
"""
