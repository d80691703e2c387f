"""The running system: the app, its lanes and transactions, the command line, settings and observability."""
