"""`shouyue prepare`: bring the database and the static files to this version; `up` runs it first."""

import argparse
import hashlib
import os
import shutil
from pathlib import Path

from shouyue.cli.parsing import Commands, add_command, load_django
from shouyue.cli.words import _
from shouyue.runtime import database, messages
from shouyue.runtime.errors import Problem
from shouyue.runtime.home import checkout, home_directory

ONE_AT_A_TIME = 7423891  # advisory lock: several machines may start at once


def register(commands: Commands) -> None:
    add_command(commands, "prepare", run, help=_("create roles, apply migrations, collect static files"))


def run(chosen: argparse.Namespace) -> int:
    urls = database.ensure(home_directory())
    if database.given():
        _prepare_given(urls)
    root = checkout()
    if root is not None:
        messages.compile_all(root / "src" / "shouyue")
    os.environ["SHOUYUE_DATABASE_AS"] = "owner"
    load_django()
    with database.connect(urls.admin) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [ONE_AT_A_TIME])
        _migrate()
    _collect_static()
    return 0


def _prepare_given(urls: database.Urls) -> None:
    if os.environ.get("DATABASE_ADMIN_URL"):
        database.prepare(urls.admin, urls.app)
    with database.connect(urls.app) as connection:
        database.require_version(connection)


def _migrate() -> None:
    from django.core.management import call_command

    from shouyue.cli.pending import pending_migrations

    pending = pending_migrations()
    if not pending:
        return
    if database.given() and not os.environ.get("DATABASE_ADMIN_URL"):
        raise Problem(
            _(
                "{count} migrations are to be applied: set DATABASE_ADMIN_URL, the owner's URL.",
                count=len(pending),
            )
        )
    print(_("Applying {count} database migrations …", count=len(pending)), flush=True)
    call_command("migrate", interactive=False, verbosity=0)


def _collect_static() -> None:
    """Only when a source file changed: hashing and compressing everything takes seconds."""
    from django.conf import settings
    from django.contrib.staticfiles.finders import get_finders
    from django.core.management import call_command

    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list([]):
            stat = Path(storage.path(path)).stat()
            digest.update(f"{path} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    target = Path(settings.STATIC_ROOT)
    note = target / ".collected-from"
    if note.exists() and note.read_text() == digest.hexdigest():
        return
    print(_("Collecting static files …"), flush=True)
    note.unlink(missing_ok=True)
    shutil.rmtree(target, ignore_errors=True)
    call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=["vendor/dev"])
    note.write_text(digest.hexdigest())
