"""Pages: my notices, and the operators' delivery log."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Invalid, NotFound
from shouyue.web import lists
from shouyue.web.form_errors import add_errors
from shouyue.web.htmx import go, render_page
from shouyue.web.lists import Choice, Column, Empty, Filter, ListPage

from . import access, forms, queries, services
from .choices import Channel, Level, State
from .models import Notice

NOTICE_COLUMNS = (
    Column(key="level", label=gettext_lazy("Kind")),
    Column(key="subject", label=gettext_lazy("Subject")),
    Column(key="at", label=gettext_lazy("At")),
    Column(key="do", label=gettext_lazy("What I do"), hidden_label=True),
)
CALL_COLUMNS = (
    Column(key="to", label=gettext_lazy("To")),
    Column(key="phone", label=gettext_lazy("Phone")),
    Column(key="subject", label=gettext_lazy("Subject")),
    Column(key="since", label=gettext_lazy("Waiting since")),
    Column(key="attempts", label=gettext_lazy("Attempts"), align="end"),
    Column(key="outcome", label=gettext_lazy("Result of the call"), hidden_label=True),
)
DELIVERY_COLUMNS = (
    Column(key="subject", label=gettext_lazy("Subject")),
    Column(key="to", label=gettext_lazy("To")),
    Column(key="channel", label=gettext_lazy("Channel")),
    Column(key="state", label=gettext_lazy("State")),
    Column(key="attempts", label=gettext_lazy("Attempts"), align="end"),
    Column(key="made", label=gettext_lazy("Made at")),
    Column(key="sent", label=gettext_lazy("Sent at")),
    Column(key="again", label=gettext_lazy("Try again"), hidden_label=True),
)


def actor_of(request: HttpRequest) -> Actor:
    """Who asks. Raises: NotFound for nobody."""
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None:
        raise NotFound
    return actor


@dataclass(frozen=True, slots=True)
class Shown:
    """A notice in the list. taken: None, or whom it was handed on to, or "" for oneself."""

    notice: Notice
    taken: str | None

    @property
    def can_take(self) -> bool:
        """Whether there is anything to be taken on."""
        return bool(self.notice.about_type) and self.notice.level != Level.INFO and self.taken is None


@require_GET
def notices(request: HttpRequest) -> HttpResponse:
    """The reader's own notices, newest first."""
    actor = actor_of(request)
    part = lists.keyset(queries.notices_of(actor), order=("-id",), cursor=request.GET.get("after", ""))
    taken = queries.taken_on(actor, part.rows)
    page = ListPage(
        id="notices",
        caption=_("My notices"),
        columns=NOTICE_COLUMNS,
        rows=[Shown(row, taken.get((row.about_type, row.about_id))) for row in part.rows],
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
    notice = services.mark_read(actor=actor_of(request), notice_id=notice_id)
    safe = notice.url and url_has_allowed_host_and_scheme(notice.url, None)
    return go(request, notice.url if safe else reverse("notifications:notices"))


@require_POST
def mark_all_read(request: HttpRequest) -> HttpResponse:
    """Mark everything read."""
    services.mark_all_read(actor=actor_of(request))
    return go(request, reverse("notifications:notices"), _("All notices are marked as read."))


@require_GET
def deliveries(request: HttpRequest) -> HttpResponse:
    """Whether every notice arrived."""
    actor = actor_of(request)
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
    failed = counts.get(State.FAILED, 0)
    context = {"list": page, "can_retry": access.can_retry(actor), "failed": failed}
    return render_page(request, "notifications/deliveries.html", context, part="list")


@require_GET
def delivery(request: HttpRequest, notice_id: int) -> HttpResponse:
    """One notice: its way, and what the provider reported later."""
    notice = queries.delivery_of(actor_of(request), notice_id)
    context = {"notice": notice, "receipts": queries.receipts_of(notice)}
    return render_page(request, "notifications/delivery.html", context)


@require_POST
def retry(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Send one failed notice again."""
    return _again(request, services.retry_failed(actor=actor_of(request), notice_id=notice_id))


@require_POST
def retry_all(request: HttpRequest) -> HttpResponse:
    """Send all failed notices again."""
    return _again(request, services.retry_failed(actor=actor_of(request)))


def _again(request: HttpRequest, count: int) -> HttpResponse:
    text = ngettext("%(n)d notice is sent again.", "%(n)d notices are sent again.", count) % {"n": count}
    return go(request, reverse("notifications:deliveries"), text)


@require_GET
def digest(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Everything a digest tells, oldest first."""
    found = queries.digest_of(actor_of(request), notice_id)
    part = lists.keyset(queries.members_of(found), order=("id",), cursor=request.GET.get("after", ""))
    page = ListPage(
        id="digest",
        caption=found.subject,
        columns=NOTICE_COLUMNS[:3],
        rows=part.rows,
        row_template="notifications/_digest_row.html",
        next_cursor=part.next_cursor,
        previous_cursor=part.previous_cursor,
        empty=Empty(title=_("No notices"), icon="bell"),
    )
    return render_page(request, "notifications/digest.html", {"list": page, "digest": found}, part="list")


@require_POST
def take_on(request: HttpRequest, notice_id: int) -> HttpResponse:
    """I am on it."""
    services.take_on(actor=actor_of(request), notice_id=notice_id)
    return go(request, reverse("notifications:notices"), _("You are on it; nothing more comes about this."))


@require_http_methods(["GET", "POST"])
def hand_on(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Choose a colleague and hand the matter on."""
    actor = actor_of(request)
    notice = queries.notice_of(actor, notice_id)
    form = forms.HandOnForm(request.POST or None, people=queries.colleagues_for(actor, notice))
    if request.method == "POST" and form.is_valid():
        try:
            services.hand_on(actor=actor, notice_id=notice_id, to=form.cleaned_data["to"])
        except Invalid as error:
            add_errors(form, error)
        else:
            return go(request, reverse("notifications:notices"), _("It is handed on."))
    context = {"form": form, "notice": notice}
    status = 422 if form.errors else 200
    return render_page(request, "notifications/hand_on.html", context, part="content", status=status)


@require_http_methods(["GET", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """How one wants to be told, and when not."""
    actor = actor_of(request)
    form = forms.PreferenceForm(
        request.POST or None,
        channels=queries.channels_for(actor),
        robots=queries.robots_for(actor),
        initial=_initial(actor),
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.save_preference(actor=actor, **form.cleaned_data)
        except Invalid as error:
            add_errors(form, error)
        else:
            return go(request, reverse("notifications:preferences"), _("Your choice is saved."))
    context = {"form": form, "zone": actor.time_zone}
    status = 422 if form.errors else 200
    return render_page(request, "notifications/preferences.html", context, part="content", status=status)


def _initial(actor: Actor) -> dict[str, object]:
    kept = queries.preference_of(actor)
    if kept is None:
        return {"channels": [Channel.EMAIL.value], "urgent_breaks_through": True}
    names = ("channels", "robot_id", "quiet_from", "quiet_to", "urgent_breaks_through")
    return {name: getattr(kept, name) for name in names}


@require_GET
def calls(request: HttpRequest) -> HttpResponse:
    """Whom somebody at the desk should call now, and about what."""
    page = ListPage(
        id="calls",
        caption=_("Calls to make"),
        columns=CALL_COLUMNS,
        rows=queries.calls_to_make(actor_of(request)),
        row_template="notifications/_call_row.html",
        empty=Empty(
            title=_("Nobody has to be called"),
            text=_("What a plan wants told by voice appears here."),
            icon="phone",
        ),
    )
    return render_page(request, "notifications/calls.html", {"list": page}, part="list")


@require_POST
def settle_call(request: HttpRequest) -> HttpResponse:
    """Say how a call ended, for everything the page said it is about."""
    ids = [int(number) for number in request.POST.get("notices", "").split(",") if number.isdecimal()]
    outcome = request.POST.get("outcome", "")
    notices = services.settle_call(actor=actor_of(request), notice_ids=ids, outcome=outcome)
    states = {notice.state for notice in notices}
    text = (
        _("Noted: the person was reached.")
        if State.SENT in states
        else _("Noted: it comes back in ten minutes.")
        if State.QUEUED in states
        else _("Noted: three tries in vain, the call has failed.")
    )
    return go(request, reverse("notifications:calls"), text)
