"""Reviews a corpus: each chunk is embedded, their mean goes into the index, and a person decides whether it stays."""
