"""The operator's warning about holiday tables that do not reach far enough."""

from __future__ import annotations

from django.http import HttpRequest
from django.template.loader import render_to_string

from . import access, queries


def render_missing(request: HttpRequest, obj: object) -> str | None:
    """A notice per table whose year is missing; None when all is well. Queries: one."""
    missing = queries.missing_tables()
    if not missing:
        return None
    actor = getattr(request, "actor", None)
    can = {"tables": actor is not None and access.changes_tables(actor)}
    return render_to_string("calendars/_missing.html", {"missing": missing, "can": can}, request)
