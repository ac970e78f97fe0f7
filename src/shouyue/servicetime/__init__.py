"""Service time: when is a promise due, and how much time has counted. Plain Python and NumPy.

Owns the arithmetic of open hours: windows, holidays, make-up days, daylight saving, pauses, working days.
Its words: window, target, due, pause, working day. It imports nothing else of the project and can be used
alone; `docs/servicetime.md` states the meaning of every operation.
"""

from shouyue.servicetime.bulk import BulkPauses
from shouyue.servicetime.calendar import Day, ServiceCalendar
from shouyue.servicetime.compile import NEVER
from shouyue.servicetime.durations import Duration, parse_duration
from shouyue.servicetime.errors import (
    BadCalendarError,
    BadDurationError,
    BadPauseError,
    NaiveDatetimeError,
    NegativeTargetError,
    OutOfRangeError,
    ServiceTimeError,
    UnknownZoneError,
)
from shouyue.servicetime.explain import Segment
from shouyue.servicetime.scalar import EpochPause, Pause

__all__ = [
    "NEVER",
    "BadCalendarError",
    "BadDurationError",
    "BadPauseError",
    "BulkPauses",
    "Day",
    "Duration",
    "EpochPause",
    "NaiveDatetimeError",
    "NegativeTargetError",
    "OutOfRangeError",
    "Pause",
    "Segment",
    "ServiceCalendar",
    "ServiceTimeError",
    "UnknownZoneError",
    "parse_duration",
]
