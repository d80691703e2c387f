"""The two participants that ship: a credit ledger and a document index, as pure decisions.

The lanes that serve them are in `streams/participants`.
"""
