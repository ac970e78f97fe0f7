"""What can be wrong with a question put to the engine; every message names the value."""


class ServiceTimeError(ValueError):
    """The calendar or the question is not usable as given."""


class BadCalendarError(ServiceTimeError):
    """A window, weekday, date or key of a calendar cannot be read."""


class UnknownZoneError(BadCalendarError):
    """The time zone is not an IANA name known on this machine."""


class NaiveDatetimeError(ServiceTimeError):
    """A datetime came without a time zone."""


class NegativeTargetError(ServiceTimeError):
    """A target below zero has no due time."""


class BadPauseError(ServiceTimeError):
    """A pause is not (from, to), (from, None) or (from, to, reason)."""


class BadDurationError(ServiceTimeError):
    """The text is not a duration, or its unit is ambiguous."""


class OutOfRangeError(ServiceTimeError):
    """The answer or the question lies outside the years the engine can compile."""
