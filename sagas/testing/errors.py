"""What a harness says when a saga does not do what its test expects."""


class Unexpected(AssertionError):
    """The saga stands otherwise than was expected; the message says how, and what it waits for."""


class Misused(ValueError):
    """The test asks for something that could not happen; the message says what could."""
