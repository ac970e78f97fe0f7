"""The self-check: a registry every module may add to, and the checks of what lies below them all."""

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from shouyue.runtime import database
from shouyue.runtime.errors import Problem
from shouyue.runtime.home import ENOUGH_BYTES, open_home

Level = Literal["ok", "warning", "error"]
Check = Callable[[], "Finding"]


@dataclass(frozen=True)
class Finding:
    """What a check found, in one sentence. warning: it works, but look at it; error: something will fail."""

    level: Level
    text: str


@dataclass(frozen=True)
class Result:
    """A finding with the name of its check."""

    name: str
    level: Level
    text: str


_checks: dict[str, Check] = {}


def register(name: str, function: Check) -> None:
    """Add a check to `shouyue check`; a module calls this from its `apps.py`."""
    _checks[name] = function


def ok(text: str) -> Finding:
    return Finding("ok", text)


def warning(text: str) -> Finding:
    return Finding("warning", text)


def error(text: str) -> Finding:
    return Finding("error", text)


def run_all() -> list[Result]:
    """Every registered check in the order of registration; one that fails is an error and stops no other.

    A check may register more, by loading the modules above.
    """
    results: dict[str, Result] = {}
    while waiting := [name for name in _checks if name not in results]:
        results[waiting[0]] = _run(waiting[0], _checks[waiting[0]])
    return list(results.values())


def _run(name: str, function: Check) -> Result:
    try:
        finding = function()
    except Exception as fault:
        text = str(fault).strip().splitlines() or [type(fault).__name__]
        return Result(
            name, "error", text[0] if isinstance(fault, Problem) else f"The check failed: {text[0]}."
        )
    return Result(name, finding.level, finding.text)


def register_own(home: Path, urls: database.Urls) -> None:
    """The checks of this layer, for one installation."""
    register("home", lambda: check_home(home))
    register("database", lambda: check_database(urls.app))
    register("roles", lambda: check_roles(urls.app))
    register("clock", lambda: check_clock(urls.app))


def check_home(home: Path) -> Finding:
    """The home directory can be written and its disk has room."""
    open_home(home)
    free = shutil.disk_usage(home).free
    text = f"{home} is writable, {free // 2**20} MB are free."
    return ok(text) if free >= 4 * ENOUGH_BYTES else warning(text)


def check_database(url: str) -> Finding:
    """The server answers and is new enough."""
    with database.connect(url) as connection:
        database.require_version(connection)
        kind = "given server" if database.given() else "embedded server"
        return ok(f"PostgreSQL {connection.info.parameter_status('server_version')} answers ({kind}).")


def check_roles(url: str) -> Finding:
    """The login role is modest and may become the two working roles."""
    names = database.roles()
    with database.connect(url) as connection:
        row = connection.execute(
            "SELECT rolsuper OR rolbypassrls, rolinherit FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        if row is None or row[0]:
            return error("The user of DATABASE_URL is a superuser or bypasses row-level security.")
        if row[1]:
            return error("The user of DATABASE_URL inherits rights: run `shouyue prepare`.")
        members = connection.execute(
            "SELECT count(*) FROM pg_roles WHERE rolname = ANY(%s) AND NOT rolsuper AND NOT rolbypassrls"
            " AND pg_has_role(current_user, oid, 'MEMBER')",
            [[names.scoped, names.everyone]],
        ).fetchone()
    if members is None or members[0] != 2:
        return error(
            f"The roles {names.scoped} and {names.everyone} are not both granted: run `shouyue prepare`."
        )
    return ok(f"The login role may become {names.scoped} and {names.everyone}, and nothing more.")


def check_clock(url: str) -> Finding:
    """This machine and the database agree on the time; deadlines depend on it."""
    with database.connect(url) as connection:
        before = time.time()
        row = connection.execute("SELECT extract(epoch FROM clock_timestamp())::float8").fetchone()
        after = time.time()
    skew = float(row[0]) - (before + after) / 2 if row else 0.0
    text = f"The database's clock differs from this machine's by {skew:+.3f} s."
    if abs(skew) < 1:
        return ok(text)
    return warning(text) if abs(skew) < 10 else error(f"{text} Synchronise both (NTP).")
