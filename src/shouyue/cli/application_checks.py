"""Checks of the whole application, beside those which modules register themselves; Django must be loaded."""

from pathlib import Path

from django.conf import settings
from django.core import checks as django_checks
from django.core.mail import get_connection
from django.db import connection

from shouyue.cli.pending import pending_migrations
from shouyue.kernel.scope import EVERYTHING, acting_in
from shouyue.notifications.checks import check_channels
from shouyue.runtime.checks import Finding, error, ok, register, warning


def register_all() -> None:
    register("django", check_django)
    register("migrations", check_migrations)
    register("queue", check_queue)
    register("mail", check_mail)
    register("channels", check_channels)
    register("static", check_static)


def check_django() -> Finding:
    """Django's and the modules' own system checks."""
    found = [message for message in django_checks.run_checks() if not message.is_silenced()]
    grave = [message for message in found if message.level >= django_checks.ERROR]
    if grave:
        return error(f"{len(grave)} system checks fail; the first: {grave[0].msg}")
    return (
        warning(f"{len(found)} hints; the first: {found[0].msg}") if found else ok("All system checks pass.")
    )


def check_migrations() -> Finding:
    """The tables are those of this version."""
    with acting_in(EVERYTHING):
        pending = pending_migrations()
    if pending:
        return error(
            f"{len(pending)} migrations are to be applied, from {pending[0]}: run `shouyue prepare`."
        )
    return ok("All migrations are applied.")


def check_queue() -> Finding:
    """A worker is alive and the queue moves."""
    with acting_in(EVERYTHING), connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT coalesce(max(last_heartbeat) > now() - interval '1 minute', false)"
            " FROM procrastinate_workers),"
            " count(*) FILTER (WHERE status = 'todo'), count(*) FILTER (WHERE status = 'failed')"
            " FROM procrastinate_jobs WHERE status IN ('todo', 'failed')"
        )
        alive, waiting, failed = cursor.fetchone()
    state = f"{waiting} jobs wait, {failed} have failed."
    if not alive:
        return warning(f"No worker is alive: start one with `shouyue up` or `shouyue manage worker`. {state}")
    return warning(state) if failed else ok(f"A worker is alive. {state}")


def check_mail() -> Finding:
    """Mail can be handed to the configured server."""
    if not settings.EMAIL_HOST:
        return warning("No mail is sent: set SHOUYUE_SMTP_HOST.")
    where = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    try:
        server = get_connection(fail_silently=False, timeout=5)
        server.open()
        server.close()
    except OSError as fault:
        return error(f"The mail server {where} does not take us: {fault}.")
    return ok(f"The mail server {where} answers.")


def check_static() -> Finding:
    """Front-end packages are there and collected."""
    if not (Path(settings.PACKAGE) / "web/static/vendor/htmx.min.js").exists():
        return error("The front-end packages are missing: run `make setup`, or install the built wheel.")
    if not (Path(settings.STATIC_ROOT) / "staticfiles.json").exists():
        return error(f"Static files are not collected in {settings.STATIC_ROOT}: run `shouyue prepare`.")
    return ok("Static files are collected.")
