"""Faults of the installation which its operator can mend."""


class Problem(Exception):
    """The installation cannot work as it is; the text says why and what to do, in one sentence."""
