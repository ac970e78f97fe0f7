"""What notices make known at start-up."""

from __future__ import annotations

from time import monotonic

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from shouyue.kernel import events
from shouyue.kernel.events import FactType, Verb
from shouyue.parties.access import changes_contacts, reads_contacts
from shouyue.web import navigation, panels, rest, states
from shouyue.web.moulds import mould
from shouyue.web.states import Look

from . import access, queries

CODE = FactType.CODE
CALLS_FRESH_SECONDS = 15
SHOWN_CONTACTS = 8
_calls: dict[
    str, tuple[int, float]
] = {}  # the same for everybody at the desk, so pages need not count each time


def bell(request: HttpRequest, obj: object) -> str | None:
    """The bell with the number of unread notices."""
    actor = getattr(request, "actor", None)
    if actor is None or actor.user_id is None:
        return None
    count = queries.unread_count(actor)
    return mould("notifications/_bell.html", count=count, many=queries.MANY)()


def contacts_told(request: HttpRequest, customer: object) -> str | None:
    """How the customer's contacts without account are told, and who cannot be."""
    actor = getattr(request, "actor", None)
    if actor is None or not actor.is_staff or not reads_contacts(actor):
        return None
    rows = queries.contacts_told(actor, customer.pk)  # type: ignore[attr-defined]
    if not rows:
        return None
    rows.sort(key=lambda row: not row.trouble)  # first who cannot be told
    first = max(SHOWN_CONTACTS, sum(1 for row in rows if row.trouble))
    context = {"first": rows[:first], "more": rows[first:], "can_change": changes_contacts(actor)}
    return render_to_string("notifications/_contacts_told.html", context)


def calls_badge(request: HttpRequest) -> int | None:
    """How many calls wait, for the navigation."""
    actor = getattr(request, "actor", None)
    if actor is None or not access.can_call(actor):
        return None
    kept, until = _calls.get("count", (0, 0.0))
    if until < monotonic():
        kept, until = len(queries.calls_to_make(actor)), monotonic() + CALLS_FRESH_SECONDS
        _calls["count"] = kept, until
    return kept or None


def declare() -> None:
    """Called once, from `AppConfig.ready`."""
    events.declare(
        Verb(
            "notice.sent",
            _("Notice sent"),
            {"step": CODE, "channel": CODE, "outcome": CODE, "notice": FactType.REFERENCE},
        ),
        Verb(
            "notice.taken_on",
            _("Taken on"),
            {"step": CODE, "notice": FactType.REFERENCE, "to": FactType.REFERENCE},
        ),
        Verb(
            "notice.called",
            _("Person called"),
            {"step": CODE, "outcome": CODE, "notice": FactType.REFERENCE},
        ),
        Verb(
            "contact.wishes_set",
            _("Ways to tell a contact set"),
            {"told": FactType.BOOLEAN, "himself": FactType.BOOLEAN},
        ),
        *(
            Verb(f"gateway.{done}", label, {"kind": CODE, "on": FactType.BOOLEAN})
            for done, label in (
                ("created", _("Channel set up")),
                ("changed", _("Channel changed")),
                ("switched", _("Channel switched on or off")),
                ("resumed", _("Channel resumed")),
            )
        ),
    )
    rest.declare_area("notices", _("Notices"), "deliveries", "channels")
    states.register(
        "notice",
        {
            "queued": Look("progress", "clock", _("Waiting")),
            "sent": Look("good", "send", _("Sent")),
            "arrived": Look("good", "check", _("Message arrived")),
            "held": Look("neutral", "moon", _("Waits for the end of quiet hours")),
            "sending": Look("progress", "clock", _("Being sent")),
            "bundled": Look("progress", "clock", _("Waits in a digest")),
            "digested": Look("good", "send", _("Sent in a digest")),
            "stopped": Look("muted", "hand-stop", _("Not needed any more")),
            "failed": Look("bad", "alert-circle", _("Failed")),
            "read": Look("muted", "checks", _("Read")),
        },
    )
    states.register(
        "channel",
        {
            "new": Look("neutral", "circle-dashed", _("Not tried yet")),
            "given": Look("info", "settings", _("Set by the environment")),
            "working": Look("good", "check", _("Works")),
            "troubled": Look("warn", "alert-triangle", _("Failed lately")),
            "resting": Look("warn", "clock", _("Asked for a pause")),
            "broken": Look("bad", "plug-off", _("Does not answer")),
            "off": Look("muted", "plug-off", _("Out of use")),
        },
    )
    states.register(
        "notice-level",
        {
            "info": Look("info", "info-circle", _("For information")),
            "warning": Look("warn", "alert-triangle", _("Warning")),
            "urgent": Look("bad", "alert-octagon", _("Urgent")),
        },
    )
    panels.register(
        "topbar", panels.Panel(key="bell", title=_("Notices"), render=bell, order=50, icon="bell")
    )
    panels.register(
        "customer-contacts",
        panels.Panel(
            key="contacts-told",
            title=_("Contacts without account: how they are told"),
            render=contacts_told,
            order=60,
            icon="bell-ringing",
        ),
    )
    navigation.register(
        navigation.Item(
            key="notices",
            label=_("My notices"),
            url_name="notifications:notices",
            icon="bell",
            area="user",
            order=40,
        ),
        navigation.Item(
            key="notice-preferences",
            label=_("How I am told"),
            url_name="notifications:preferences",
            icon="bell-ringing",
            area="user",
            order=41,
        ),
        navigation.Item(
            key="calls",
            label=_("Calls to make"),
            url_name="notifications:calls",
            icon="phone-call",
            area="desk",
            roles=frozenset(access.CALLERS),
            order=60,
            badge=calls_badge,
        ),
        navigation.Item(
            key="channels",
            label=_("Channels"),
            url_name="notifications:channels",
            icon="antenna",
            area="operate",
            roles=frozenset(access.LOOKERS),
            order=59,
        ),
        navigation.Item(
            key="deliveries",
            label=_("Delivery log"),
            url_name="notifications:deliveries",
            icon="mail-forward",
            area="operate",
            roles=frozenset(access.OPERATORS),
            order=60,
        ),
    )
