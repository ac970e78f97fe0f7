"""The definition of service time, second by second. Slow on purpose, and shares nothing with the engine."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo


class Reference:
    """Open seconds of `[low, high)` of a calendar given as a spec, found by asking the wall clock."""

    def __init__(self, spec: dict, low: int, high: int) -> None:
        self.spec, self.low, self.high = spec, low, high
        self.zone = ZoneInfo(spec["zone"])
        self._days: dict[date, list[tuple[int, int]]] = {}
        self.open = bytearray(self._shows_open(t) for t in range(low, high))

    def _windows(self, day: date) -> list[tuple[int, int]]:
        if day not in self._days:
            spec, key = self.spec, day.isoformat()
            weekly = {int(number): windows for number, windows in spec["weekly"].items()}
            windows = weekly.get(day.weekday(), [])
            if key in spec.get("holidays", ()):
                windows = []
            if key in spec.get("extra_workdays", ()):
                extra = spec.get("extra_windows")
                windows = weekly.get(0, []) if extra is None else extra
                windows = spec.get("own_windows", {}).get(key, windows)
            self._days[day] = [(_seconds(opens), _seconds(closes)) for opens, closes in windows]
        return self._days[day]

    def _shows_open(self, t: int) -> bool:
        wall = datetime.fromtimestamp(t, self.zone)
        clock = wall.hour * 3600 + wall.minute * 60 + wall.second
        today = wall.date()
        for opens, closes in self._windows(today):
            if opens <= clock and (closes <= opens or clock < closes):
                return True
        # A window that runs past midnight belongs to the date on which it starts.
        yesterday = self._windows(today - timedelta(days=1))
        return any(closes <= opens and clock < closes for opens, closes in yesterday)

    def counted(self, pauses=()) -> bytearray:
        """One byte a second: 1 when open and not paused."""
        counted = bytearray(self.open)
        for begin, end, *_ in pauses:
            first = max(begin, self.low) - self.low
            last = (self.high if end is None else min(max(end, self.low), self.high)) - self.low
            if last > first:
                counted[first:last] = bytes(last - first)
        return counted

    def elapsed(self, start: int, end: int, pauses=()) -> int:
        return sum(self.counted(pauses)[start - self.low : max(end, start) - self.low])

    def deadline(self, start: int, seconds: int, pauses=()) -> int | None:
        """None when not reached before the end of the reference's range."""
        counted, sum_ = self.counted(pauses), 0
        if seconds == 0:
            return start
        for t in range(start - self.low, self.high - self.low):
            sum_ += counted[t]
            if sum_ == seconds:
                return t + self.low + 1
        return None


def _seconds(clock: str) -> int:
    parts = [int(part) for part in clock.split(":")]
    return parts[0] * 3600 + parts[1] * 60 + (parts[2] if len(parts) > 2 else 0)
