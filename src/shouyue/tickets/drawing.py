"""What the two busiest pages show again and again, as HTML: rows of the queue, acts, time line, facts.

The looks are in templates, drawn once and filled here (`shouyue.web.moulds`): what a template shows is changed there,
what it is given here. A hole the template no longer shows as it is fails loudly. See docs/hot-paths.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from shouyue.commitments.queries.of_case import CasePromise
from shouyue.kernel.actor import SYSTEM
from shouyue.web.csrf import token_of
from shouyue.web.moulds import lines, mould
from shouyue.web.templatetags.shouyue import (
    badge,
    countdown,
    localtime_of,
    obligation_chip,
    pairs_of,
    panel_cards,
    person,
    relative_time,
    tag,
    timeline,
)

from .actions import ACTIONS, Action
from .choices import Status
from .forms import NoteForm
from .history import Entry, FileRow, LinkRow, version_of
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
    if main is None and not others:
        return SafeString("")
    language = get_language()
    first = None if main is None else _act(main.slug, language)
    rest = tuple(_act(action.slug, language) for action in others)
    holes = {"number": ticket.number}
    if any(act is not None and not act.has_form for act in (first, *rest)):
        holes["csrf_token"] = token_of(request)
    return mould("tickets/_actions.html", tuple(holes), main=first, others=rest)(**holes)


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


def marks(ticket: Ticket, severity: str) -> list[SafeString]:
    """State, priority, severity and importance, beside the title."""
    found = [badge("ticket", ticket.status)]
    if ticket.priority:
        found.append(badge("priority", ticket.priority))
    if ticket.severity:
        found.append(tag(severity, "neutral", "gauge"))
    if ticket.is_vip:
        found.append(vip())
    return found


@dataclass(frozen=True, slots=True)
class Shown:
    """What the body of a ticket's page is drawn from. note, upload: their forms, empty for who may not."""

    clocks: Sequence[CasePromise]
    entries: Sequence[Entry]
    facts: Iterable[tuple[object, object]]
    handling: Sequence[tuple[object, object]]
    stages: Iterable[tuple[str, datetime]]
    links: Sequence[LinkRow]
    files: Sequence[FileRow]
    can_edit: bool
    note: SafeString
    upload: SafeString


def body(request: HttpRequest, ticket: Ticket, shown: Shown) -> SafeString:
    """Everything about one ticket, with the panels of other modules."""
    holes: dict[str, object] = {
        "number": ticket.number,
        "live_version": version_of(ticket),
        "main_panels": panel_cards(request, "ticket", ticket),
        "side_panels": panel_cards(request, "ticket", ticket, "side"),
        "history": timeline(shown.entries),
        "facts": pairs_of(shown.facts),
        "stages": stages(shown.stages),
        "files": attachments(shown.files),
        "note_form": shown.note,
        "upload": shown.upload,
    }
    clocks = [obligation_chip(one.shown_state, one.title, one.due_at, one.warn_at) for one in shown.clocks]
    waits = ticket.status == Status.WAITING
    due = ticket.promised_answer_at if ticket.answer_given_at is None else None
    promised = f"{localtime_of(due, 'long')} {countdown(due)}" if due is not None else ""
    parts: dict[str, object] = {
        "clocks": SafeString("".join(clocks)),
        "wait_note": (ticket.wait_note or ticket.get_wait_reason_display()) if waits else "",
        "promised": SafeString(promised),
        "description": lines(ticket.description),
        "handling": pairs_of(shown.handling),
        "links": SafeString("".join(map(_link, shown.links))),
    }
    holes |= {name: value for name, value in parts.items() if value}
    flags: dict[str, Any] = {f"has_{name}": bool(value) for name, value in parts.items()}
    return mould("tickets/_ticket.html", tuple(holes), can_edit=shown.can_edit, **flags)(**holes)


def _link(row: LinkRow) -> SafeString:
    title = Truncator(row.other.title).chars(40)
    fill = mould("tickets/_link_row.html", ("number", "relation", "title"))
    return fill(number=row.other.number, relation=row.relation, title=title)


def attachments(files: Sequence[FileRow]) -> SafeString:
    """The files of a ticket."""
    if not files:
        return mould("web/components/attachments.html", files=())()
    return render_to_string("web/components/attachments.html", {"files": files})
