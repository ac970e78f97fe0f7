"""Human numbers such as `GB-2026-1042`: unique and rising, not gap-free.

A database sequence per series hands them out, so that concurrent creates never wait for each other; a rolled
back create leaves a gap.
"""

from __future__ import annotations

import re

from django.db import connection


def next_number(code: str, year: int, *, series: str) -> str:
    """The next number of a series, e.g. `next_number("GB", 2026, series="ticket")` → `GB-2026-1`.

    code: the contract's short code, letters, digits and dashes. Queries: one.
    """
    key = re.sub(r"[^a-z0-9]+", "_", f"{series}_{code}_{year}".lower())
    with connection.cursor() as cursor:
        cursor.execute("SELECT kernel_next_number(%s)", [key])
        (value,) = cursor.fetchone()
    return f"{code}-{year}-{value}"
