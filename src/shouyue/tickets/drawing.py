"""What the two busiest pages show again and again, as HTML: rows of the queue, acts, time line, facts.

The looks are in templates, drawn once and filled here (`shouyue.web.moulds`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from shouyue.web.moulds import mould
from shouyue.web.templatetags.shouyue import badge, countdown, person, relative_time, tag

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
