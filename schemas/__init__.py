"""What things are: records, codec, registry client, envelope and errors. Knows nothing of the other packages."""
