"""The self-check: a registry every module may add to, and the checks of what lies below them all."""

import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from shouyue.runtime import database
from shouyue.runtime.errors import Problem
from shouyue.runtime.home import ENOUGH_BYTES, open_home

Level = Literal["ok", "warning", "error"]
Check = Callable[[], "Finding"]


@dataclass(frozen=True)
class Finding:
    """What a check found, in one sentence. warning: it works, but look at it; error: something will fail.

    message: the sentence before its values are put in; a page that speaks another language translates it.
    """

    level: Level
    message: str
    values: Mapping[str, object] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The sentence, in English."""
        return self.message % self.values if self.values else self.message


@dataclass(frozen=True)
class Result:
    """A finding with the name of its check. message: empty for what another program or library said."""

    name: str
    level: Level
    text: str
    message: str = field(default="", compare=False)
    values: Mapping[str, object] = field(default_factory=dict, compare=False)


_checks: dict[str, Check] = {}


def register(name: str, function: Check) -> None:
    """Add a check to `shouyue check`; a module calls this from its `apps.py`."""
    _checks[name] = function


def ok(message: str, **values: object) -> Finding:
    return Finding("ok", message, values)


def warning(message: str, **values: object) -> Finding:
    return Finding("warning", message, values)


def error(message: str, **values: object) -> Finding:
    return Finding("error", message, values)


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
        if isinstance(fault, Problem):
            return Result(name, "error", text[0])
        finding = error("The check failed: %(fault)s.", fault=text[0])
    return Result(name, finding.level, finding.text, finding.message, finding.values)


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
    judge = ok if free >= 4 * ENOUGH_BYTES else warning
    return judge("%(home)s is writable, %(megabytes)d MB are free.", home=home, megabytes=free // 2**20)


def check_database(url: str) -> Finding:
    """The server answers and is new enough."""
    with database.connect(url) as connection:
        database.require_version(connection)
        version = connection.info.parameter_status("server_version")
    if database.given():
        return ok("PostgreSQL %(version)s answers (given server).", version=version)
    return ok("PostgreSQL %(version)s answers (embedded server).", version=version)


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
            "The roles %(scoped)s and %(everyone)s are not both granted: run `shouyue prepare`.",
            scoped=names.scoped,
            everyone=names.everyone,
        )
    return ok(
        "The login role may become %(scoped)s and %(everyone)s, and nothing more.",
        scoped=names.scoped,
        everyone=names.everyone,
    )


def check_clock(url: str) -> Finding:
    """This machine and the database agree on the time; deadlines depend on it."""
    with database.connect(url) as connection:
        before = time.time()
        row = connection.execute("SELECT extract(epoch FROM clock_timestamp())::float8").fetchone()
        after = time.time()
    skew = float(row[0]) - (before + after) / 2 if row else 0.0
    if abs(skew) < 10:
        judge = ok if abs(skew) < 1 else warning
        return judge("The database's clock differs from this machine's by %(skew)+.3f s.", skew=skew)
    return error(
        "The database's clock differs from this machine's by %(skew)+.3f s. Synchronise both (NTP).",
        skew=skew,
    )
