"""Human numbers such as `GB-2026-1042`: unique and rising, not gap-free.

A database sequence per series hands them out, so that concurrent creates never wait for each other; a rolled
back create leaves a gap.
"""

from __future__ import annotations

import re

from django.db import connection

NUMBER_SQL = "%s::text || kernel_next_number(%s)"
"""The next number within another statement; `number_parts` gives its two parameters."""


def number_parts(code: str, year: int, *, series: str) -> tuple[str, str]:
    """What a number begins with, and the sequence that counts it: `("GB-2026-", "ticket_gb_2026")`."""
    return f"{code}-{year}-", re.sub(r"[^a-z0-9]+", "_", f"{series}_{code}_{year}".lower())


def next_number(code: str, year: int, *, series: str) -> str:
    """The next number of a series, e.g. `next_number("GB", 2026, series="ticket")` → `GB-2026-1`.

    code: the contract's short code, letters, digits and dashes. Queries: one.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {NUMBER_SQL}", number_parts(code, year, series=series))
        (number,) = cursor.fetchone()
    return str(number)
