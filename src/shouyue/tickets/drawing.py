"""What the two busiest pages show again and again, as HTML: rows of the queue, acts, time line, facts.

The looks are in templates, drawn once and filled here (`shouyue.web.moulds`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from shouyue.kernel.actor import SYSTEM
from shouyue.web.csrf import token_of
from shouyue.web.moulds import mould
from shouyue.web.templatetags.shouyue import badge, countdown, localtime_of, person, relative_time, tag

from .actions import ACTIONS, Action
from .forms import NoteForm
from .models import Ticket

_ROW = ("id", "url", "number", "title", "marks", "due", "status", "place", "assignee", "reported")
_DASH = SafeString('<span class="text-secondary">–</span>')


def rows(found: Iterable[Mapping[str, Any]], severities: Mapping[tuple[int, str], str]) -> SafeString:
    """The rows of the queue. found: with the keys of `queue.COLUMNS`; severities: by contract, in its words."""
    address = reverse("tickets:ticket", args=["~"])
    nobody = SafeString(f'<span class="text-secondary">{_("nobody")}</span>')
    fills = {
        (edge, site): mould("tickets/_row.html", (*_ROW, "site") if site else _ROW, edge=edge, has_site=site)
        for edge in ("", "bad", "warn")
        for site in (False, True)
    }
    drawn = []
    for row in found:
        edge = "bad" if row["is_overdue"] else "warn" if row["is_vip"] else ""
        number, assignee = row["number"], row["assignee"]
        drawn.append(
            fills[edge, bool(row["site"])](
                id=row["id"],
                url=address.replace("~", number),
                number=number,
                title=row["title"],
                marks=_marks(row, severities),
                due=_due(row),
                status=badge("ticket", row["status"]),
                place=f"{row['contract'] or '–'} · {row['customer']}",
                site=row["site"],
                assignee=person(assignee) if assignee else nobody,
                reported=relative_time(row["reported_at"]),
            )
        )
    return SafeString("".join(drawn))


def _marks(row: Mapping[str, Any], severities: Mapping[tuple[int, str], str]) -> SafeString:
    """Type, VIP, severity and priority."""
    marks = [badge("request-type", row["request_type"])]
    if row["is_vip"]:
        marks.append(vip())
    if row["severity"]:
        marks.append(
            tag(severities.get((row["contract_id"], row["severity"]), row["severity"]), "neutral", "gauge")
        )
    if row["priority"]:
        marks.append(badge("priority", row["priority"]))
    return SafeString(" ".join(marks))


def _due(row: Mapping[str, Any]) -> SafeString:
    if row["is_paused"]:
        return countdown(row["due_at"], row["warn_at"], "paused")
    return countdown(row["due_at"], row["warn_at"]) if row["due_at"] else _DASH


def vip() -> SafeString:
    """The mark of somebody important."""
    return tag(_("VIP"), "warn", "star")


# -- one ticket -------------------------------------------------------------------------------------------------


class Act(NamedTuple):
    """An act in the active language, as its template wants it."""

    slug: str
    label: str
    icon: str
    danger: bool
    has_form: bool


@lru_cache(maxsize=256)
def _act(slug: str, language: str | None) -> Act:
    action = ACTIONS[slug]
    return Act(slug, str(action.label), action.icon, action.danger, action.form is not None)


def acts(request: HttpRequest, ticket: Ticket, main: Action | None, others: Sequence[Action]) -> SafeString:
    """What can be done now: the next step as a button, the rest in a menu."""
    language = get_language()
    fixed = {
        "main": None if main is None else _act(main.slug, language),
        "others": tuple(_act(action.slug, language) for action in others),
    }
    if main is None and not others:
        return SafeString("")
    holes = {"number": ticket.number}
    if any(act is not None and not act.has_form for act in (fixed["main"], *fixed["others"])):
        holes["csrf_token"] = token_of(request)
    return mould("tickets/_actions.html", tuple(holes), **fixed)(**holes)


def _empty_note() -> dict[str, Any]:
    return {"note_form": NoteForm(ticket=Ticket(), actor=SYSTEM)}


def note_form(
    request: HttpRequest, ticket: Ticket, form: NoteForm | None, *, sees_internal: bool
) -> SafeString:
    """Where a note is written. form: what came back with errors."""
    values: dict[str, Any] = {"number": ticket.number, "pk": ticket.pk}
    if form is not None:
        context = {**values, "note_form": form, "sees_internal": sees_internal}
        return render_to_string("tickets/_note_form.html", context, request)
    values["csrf_token"] = token_of(request)
    fill = mould("tickets/_note_form.html", tuple(values), _empty_note, sees_internal=sees_internal)
    return fill(**values)


def upload_form(request: HttpRequest, ticket: Ticket, *, sees_internal: bool) -> SafeString:
    """Where files are attached."""
    fill = mould("tickets/_upload_form.html", ("number", "csrf_token"), sees_internal=sees_internal)
    return fill(number=ticket.number, csrf_token=token_of(request))


def stages(passed: Iterable[tuple[str, datetime]]) -> SafeString:
    """The stages passed, each with its time."""
    return SafeString(
        "".join(f"<div><dt>{label}</dt><dd>{localtime_of(at, 'long')}</dd></div>" for label, at in passed)
    )
