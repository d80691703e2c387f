"""What a person can mend: a wrong argument, a port in use, a program that is not installed."""


class UserMistake(Exception):
    """The text says what is wrong, with which value, and how to mend it, in one line; the command line ends with 2."""
