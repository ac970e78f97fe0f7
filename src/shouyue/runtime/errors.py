"""Faults of the installation which its operator can mend."""


class Problem(Exception):  # noqa: N818  (it is told to people, as one sentence, without a traceback)
    """The installation cannot work as it is; the text says why and what to do, in one sentence."""
