"""What `shouyue check` says about calendars."""

from __future__ import annotations

from shouyue.kernel.scope import EVERYTHING, acting_in
from shouyue.runtime.checks import Finding, ok, warning

from . import queries


def check_tables() -> Finding:
    """Every holiday table reaches as far as it should by now."""
    with acting_in(EVERYTHING):
        missing = queries.missing_tables()
    if not missing:
        return ok("Every holiday table reaches far enough.")
    return warning(
        "No days yet of %(missing)s: upgrade the package chinesecalendar and run `shouyue calendar refresh`,"
        " or import the published days.",
        missing=", ".join(f"{table} {year}" for table, year in missing),
    )
