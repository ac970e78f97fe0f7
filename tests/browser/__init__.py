"""The main path in a real browser, against the whole program."""
