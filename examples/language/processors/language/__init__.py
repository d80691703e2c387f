"""`language` guesses which language a text is in."""
