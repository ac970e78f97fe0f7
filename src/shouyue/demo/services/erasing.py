"""Erase the demo, and only a demo: everything that was entered, events included, as if just installed.

The application may delete no event; this asks for the administrator's access, which migrations use.
"""

from __future__ import annotations

import time

import psycopg
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.utils.translation import gettext_lazy as _
from psycopg import sql
from psycopg.conninfo import make_conninfo

from shouyue.demo.models import DemoProgress
from shouyue.kernel import locks, verification
from shouyue.kernel.errors import Conflict
from shouyue.kernel.scope import EVERYTHING, acting_in
from shouyue.runtime import database
from shouyue.runtime.errors import Problem

NOT_A_DEMO = _("This database is not marked as a demo; nothing was erased.")
KEPT = frozenset({"parties_customer"})
PATIENCE_SECONDS = 60.0


def erase() -> None:
    """Empty every table of the modules. Raises: Conflict unless the database is a demo; Problem without access.

    Ids go on rising, so that what processes have kept about old rows never fits new ones; numbers begin anew.
    """
    with locks.virtual_time() as mine:
        if not mine:
            raise Conflict(_("The demo is being loaded by another process."), code="busy")
        with acting_in(EVERYTHING):
            if not DemoProgress.objects.exists():
                raise Conflict(NOT_A_DEMO, code="not_a_demo")
        with database.connect(admin_url()) as admin:
            _empty_between_others(admin)
        verification.anchor_file().unlink(missing_ok=True)


def admin_url() -> str:
    """The administrator's access to the very database that this process works in."""
    found = connection.settings_dict
    return make_conninfo(str(found["ADMIN_URL"]), dbname=str(found["NAME"]))


def _empty_between_others(admin: psycopg.Connection) -> None:
    """Web and worker are at work on the same tables: step back from whoever holds one, and try again."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            with admin.transaction():
                _empty(admin)
            return
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected) as error:
            if time.monotonic() > give_up:
                raise Problem(
                    "The demo cannot be erased while somebody works in it all the time: "
                    "stop everything with `shouyue stop` and try again."
                ) from error
            time.sleep(0.1)


def _empty(admin: psycopg.Connection) -> None:
    """Takes every lock before the first change, each within half a second, before the server sees a deadlock."""
    owner = sql.Identifier(str(connection.settings_dict["OWNER_ROLE"]))
    admin.execute(sql.SQL("SET LOCAL ROLE {}").format(owner))
    admin.execute("SET LOCAL lock_timeout = '500ms'")
    every = sql.SQL(", ").join(sql.Identifier(name) for name in [*_tables(admin), *sorted(KEPT)])
    admin.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(every))
    events = [row[0] for row in admin.execute(_GUARDED).fetchall()]
    _triggers(admin, events, "DISABLE")
    tables = sql.SQL(", ").join(sql.Identifier(name) for name in _tables(admin))
    admin.execute(sql.SQL("TRUNCATE {}").format(tables))
    admin.execute("DELETE FROM parties_customer WHERE id <> 0")
    _triggers(admin, events, "ENABLE")
    for (name,) in admin.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'kernel_numbers'::regnamespace"
    ):
        admin.execute(sql.SQL("DROP SEQUENCE kernel_numbers.{}").format(sql.Identifier(name)))


_GUARDED = (
    "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal AND tgtype & 32 = 32"
)
"""Tables whose triggers refuse TRUNCATE."""


def _triggers(admin: psycopg.Connection, tables: list[str], what: str) -> None:
    for name in tables:
        admin.execute(sql.SQL("ALTER TABLE {} {} TRIGGER USER").format(sql.Identifier(name), sql.SQL(what)))


def _tables(admin: psycopg.Connection) -> list[str]:
    """Tables of our own modules that exist, but the customers'."""
    ours = {
        model._meta.db_table
        for module in settings.MODULES
        for model in apps.get_app_config(module.rpartition(".")[2]).get_models(include_auto_created=True)
    }
    found = admin.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    return sorted({row[0] for row in found} & ours - KEPT)
