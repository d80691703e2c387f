"""The sagas of the catalogue: a folder for each, in it a module `v<version>.py` with `saga = Saga(...)`."""
