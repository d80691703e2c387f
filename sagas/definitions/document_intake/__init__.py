"""Takes a document in: it is paid for, read by two models, kept in the index, and announced."""
