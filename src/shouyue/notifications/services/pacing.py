"""How often something may be asked of this process: counts in memory, so that a flood writes nothing."""

from __future__ import annotations

import threading
import time

MOST_NAMES = 1000


class Pace:
    """So many times a minute for each name."""

    def __init__(self, *, per_minute: int) -> None:
        self._most = per_minute
        self._counts: dict[str, tuple[float, int]] = {}
        self._lock = threading.Lock()

    def takes(self, name: str) -> bool:
        """Whether it may be once more now; counts it."""
        now = time.monotonic()
        with self._lock:
            began, count = self._counts.get(name, (now, 0))
            if now - began >= 60:
                began, count = now, 0
            if name not in self._counts and len(self._counts) >= MOST_NAMES:
                self._counts.clear()
            self._counts[name] = began, count + 1
            return count < self._most

    def forget(self) -> None:
        """Begin anew (tests)."""
        with self._lock:
            self._counts.clear()
