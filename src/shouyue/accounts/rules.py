"""Pure decisions about accounts: which roles go together, how many failures are too many, what a name may be."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import timedelta

from .choices import OFFICERS, GlobalRole

USERNAME = re.compile(r"[\w][\w.@+-]{0,149}")

FAILURES_PER_USER = 5
"""Wrong passwords for one user name from one address."""
FAILURES_PER_ADDRESS = 50
"""Wrong passwords from one address, whatever the name: many people may share one."""
WINDOW = timedelta(minutes=15)

TOKEN_PREFIX = "sy_"  # noqa: S105
TOKEN_LIFE_DAYS = (30, 90, 180, 365)


def valid_username(username: str) -> bool:
    """Letters (Chinese ones too), digits and `. @ + - _`, not beginning with a sign."""
    return USERNAME.fullmatch(username) is not None


def unknown_roles(roles: Collection[str]) -> list[str]:
    return sorted(set(roles) - set(GlobalRole.values))


def mixes_offices(roles: Collection[str]) -> bool:
    """Whether an officer's role is held together with any other: the three offices are three people."""
    held = set(roles)
    return bool(held & OFFICERS) and len(held) > 1
