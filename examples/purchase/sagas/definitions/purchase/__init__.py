"""A purchase that somebody has to approve."""
