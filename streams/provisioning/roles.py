"""Who does what on a cluster: the principals' names on the secured stack; a tenant's has the tenant's name."""

WORKER, ORCHESTRATOR = "sluicegate-worker", "sluicegate-orchestrator"
"""Whoever runs the lanes; sagas command every other lane, so whoever runs theirs has a name of its own."""
CLIENT, OPERATOR = "sluicegate-client", "sluicegate-operator"
