"""Pages: my notices, and the operators' delivery log."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import NotFound
from shouyue.web import lists
from shouyue.web.htmx import go, render_page
from shouyue.web.lists import Choice, Column, Empty, Filter, ListPage

from . import access, queries, services
from .choices import Channel, State

NOTICE_COLUMNS = (
    Column(key="level", label=gettext_lazy("Kind")),
    Column(key="subject", label=gettext_lazy("Subject")),
    Column(key="at", label=gettext_lazy("At")),
)
DELIVERY_COLUMNS = (
    Column(key="subject", label=gettext_lazy("Subject")),
    Column(key="to", label=gettext_lazy("To")),
    Column(key="channel", label=gettext_lazy("Channel")),
    Column(key="state", label=gettext_lazy("State")),
    Column(key="attempts", label=gettext_lazy("Attempts"), align="end"),
    Column(key="made", label=gettext_lazy("Made at")),
    Column(key="delivered", label=gettext_lazy("Delivered at")),
    Column(key="again", label=gettext_lazy("Try again"), hidden_label=True),
)


def _actor(request: HttpRequest) -> Actor:
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None:
        raise NotFound
    return actor


@require_GET
def notices(request: HttpRequest) -> HttpResponse:
    """The reader's own notices, newest first."""
    actor = _actor(request)
    part = lists.keyset(queries.notices_of(actor), order=("-id",), cursor=request.GET.get("after", ""))
    page = ListPage(
        id="notices",
        caption=_("My notices"),
        columns=NOTICE_COLUMNS,
        rows=part.rows,
        row_template="notifications/_notice_row.html",
        next_cursor=part.next_cursor,
        previous_cursor=part.previous_cursor,
        empty=Empty(
            title=_("No notices"), text=_("Warnings and escalations for you appear here."), icon="bell"
        ),
    )
    return render_page(request, "notifications/notices.html", {"list": page}, part="list")


@require_POST
def open_notice(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Mark a notice read and go where it points."""
    notice = services.mark_read(actor=_actor(request), notice_id=notice_id)
    safe = notice.url and url_has_allowed_host_and_scheme(notice.url, None)
    return go(request, notice.url if safe else reverse("notifications:notices"))


@require_POST
def mark_all_read(request: HttpRequest) -> HttpResponse:
    """Mark everything read."""
    services.mark_all_read(actor=_actor(request))
    return go(request, reverse("notifications:notices"), _("All notices are marked as read."))


@require_GET
def deliveries(request: HttpRequest) -> HttpResponse:
    """Whether every notice arrived."""
    actor = _actor(request)
    counts = queries.counts_by_state(actor)
    filters = lists.filters_from(
        request,
        [
            Filter(key="text", label=_("Reader"), kind="search"),
            Filter(
                key="state",
                label=_("State"),
                choices=[
                    Choice(value=value, label=label, count=counts.get(value, 0))
                    for value, label in State.choices
                ],
            ),
            Filter(
                key="channel",
                label=_("Channel"),
                choices=[Choice(value=value, label=label) for value, label in Channel.choices],
            ),
        ],
    )
    rows = queries.delivery_log(actor, **{item.key: item.value for item in filters})
    part = lists.keyset(rows, order=("-id",), cursor=request.GET.get("after", ""))
    page = ListPage(
        id="deliveries",
        caption=_("Delivery log"),
        columns=DELIVERY_COLUMNS,
        rows=part.rows,
        row_template="notifications/_delivery_row.html",
        filters=filters,
        next_cursor=part.next_cursor,
        previous_cursor=part.previous_cursor,
        empty=Empty(title=_("Nothing has been sent yet"), icon="mail-forward"),
    )
    context = {"list": page, "can_retry": access.can_retry(actor), "failed": counts.get(State.FAILED, 0)}
    return render_page(request, "notifications/deliveries.html", context, part="list")


@require_POST
def retry(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Send one failed notice again."""
    return _again(request, services.retry_failed(actor=_actor(request), notice_id=notice_id))


@require_POST
def retry_all(request: HttpRequest) -> HttpResponse:
    """Send all failed notices again."""
    return _again(request, services.retry_failed(actor=_actor(request)))


def _again(request: HttpRequest, count: int) -> HttpResponse:
    text = ngettext("%(n)d notice is sent again.", "%(n)d notices are sent again.", count) % {"n": count}
    return go(request, reverse("notifications:deliveries"), text)
