"""Pages of operators and auditors."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from shouyue.contracts import queries as contracts
from shouyue.kernel import clock
from shouyue.kernel.actor import Actor
from shouyue.kernel.events import declared_verbs
from shouyue.web import downloads, htmx, lists
from shouyue.web.htmx import render_page
from shouyue.web.lists import Choice, Column, Empty, Export, Filter, ListPage

from . import access, queries, services, tasks
from .queries import EventFilter


def _actor(request: HttpRequest) -> Actor | None:
    actor: Actor | None = getattr(request, "actor", None)
    return actor


# The system


@require_GET
def system(request: HttpRequest) -> HttpResponse:
    """How the installation does."""
    access.require_system(_actor(request))
    context = {"status": queries.status(), "now": clock.now()}
    return render_page(request, "insights/system.html", context)


@require_POST
def retry_job(request: HttpRequest, job_id: int) -> HttpResponse:
    """Give a dead job another try."""
    services.retry_job(actor=access.require_system(_actor(request)), job_id=job_id)
    return htmx.go(request, reverse("insights:system"), _("The job is back in the queue."))


# Verification


@require_GET
def verification(request: HttpRequest) -> HttpResponse:
    """The last checks of all chains, and the button for a new one."""
    access.require_verify(_actor(request))
    context = {"runs": queries.runs(), "pulse_url": reverse("insights:verification_pulse")}
    return render_page(request, "insights/verification.html", context, part="runs")


@require_GET
def verification_pulse(request: HttpRequest) -> HttpResponse:
    """Whether the newest check has got further."""
    access.require_verify(_actor(request))
    run = queries.newest_run()
    return htmx.pulse(request, f"{run.pk}.{run.state}.{run.done}" if run else "none")


@require_POST
def ask_verification(request: HttpRequest) -> HttpResponse:
    """Check all chains now."""
    run = services.ask_verification(actor=access.require_verify(_actor(request)))
    tasks.verify.enqueue(run_id=run.pk, once=f"insights.verify.{run.pk}")
    return htmx.go(request, reverse("insights:verification"), _("The check has been asked for."))


# Events

COLUMNS = (
    Column(key="at", label=gettext_lazy("Recorded")),
    Column(key="verb", label=gettext_lazy("Kind of event")),
    Column(key="subject", label=gettext_lazy("About")),
    Column(key="actor", label=gettext_lazy("By")),
    Column(key="contract", label=gettext_lazy("Contract")),
    Column(key="chain", label=gettext_lazy("Place in the chain")),
)
EXPORT_LIMIT = 100_000


@require_GET
def events(request: HttpRequest) -> HttpResponse:
    """Recorded events, newest first, with their place in the chain."""
    actor = access.require_audit(_actor(request))
    filters, wanted = _filters(request, actor)
    part = lists.keyset(
        queries.events_matching(actor, wanted), order=("-id",), cursor=request.GET.get("after", "")
    )
    page = ListPage(
        id="events",
        caption=_("Events"),
        columns=COLUMNS,
        rows=queries.readable(actor, part.rows),
        row_template="insights/_event_row.html",
        filters=filters,
        empty=Empty(
            title=_("No events"),
            text=_("Without a subject or a day the search reaches back thirty days."),
            icon="history",
        ),
        next_cursor=part.next_cursor,
        previous_cursor=part.previous_cursor,
        exports=[Export(label="CSV", url=f"{reverse('insights:export_events')}?{request.GET.urlencode()}")],
    )
    context = {"list": page, "run": queries.newest_run()}
    return render_page(request, "insights/events.html", context, part="list")


@require_GET
def export_events(request: HttpRequest) -> HttpResponseBase:
    """The found events as a table, newest first, at most 100,000; taking them is noted."""
    actor = access.require_audit(_actor(request))
    _shown, wanted = _filters(request, actor)
    services.record_export(actor=actor)
    rows = queries.events_matching(actor, wanted).order_by("-id")[:EXPORT_LIMIT]
    head = "id verb subject case actor customer contract occurred_at recorded_at device_at seq prev_digest digest facts"
    cells = (
        [
            event.pk,
            event.verb,
            f"{event.subject_type}:{event.subject_id}",
            f"{event.case_type}:{event.case_id}",
            event.actor,
            event.customer_id,
            event.contract_id,
            event.occurred_at,
            event.recorded_at,
            event.device_at,
            event.seq,
            bytes(event.prev_digest).hex(),
            bytes(event.digest).hex(),
            "; ".join(f"{name}={value}" for name, value in sorted(event.facts.items())),
        ]
        for event in rows.iterator(chunk_size=1000)
    )
    return downloads.streamed(actor, downloads.csv_lines(head.split(), cells), "events.csv", "text/csv")


def _filters(request: HttpRequest, actor: Actor) -> tuple[list[Filter], EventFilter]:
    verbs = sorted(declared_verbs().values(), key=lambda verb: verb.name)
    open_to = list(contracts.contracts_visible_to(actor).order_by("code").values_list("id", "code")[:500])
    filters = lists.filters_from(
        request,
        [
            Filter(
                key="subject",
                label=_("About"),
                kind="search",
                placeholder=_("Subject or case, as ticket:12"),
            ),
            Filter(key="by", label=_("By"), kind="search", placeholder=_("Name or user:12")),
            Filter(
                key="verb",
                label=_("Kind of event"),
                choices=[Choice(value=verb.name, label=str(verb.label)) for verb in verbs],
            ),
            Filter(
                key="contract",
                label=_("Contract"),
                choices=[Choice(value=code, label=code) for _pk, code in open_to],
            ),
            Filter(key="since", label=_("From day"), kind="date"),
            Filter(key="until", label=_("To day"), kind="date"),
        ],
    )
    values = {item.key: item.value for item in filters}
    return filters, EventFilter(
        verb=values["verb"],
        actor=values["by"],
        subject=values["subject"],
        contract_id={code: pk for pk, code in open_to}.get(values["contract"]),
        since=_day(values["since"], actor),
        until=_day(values["until"], actor, days=1),
    )


def _day(text: str, actor: Actor, days: int = 0) -> datetime | None:
    """The beginning of a day in the reader's zone; None for what is no day."""
    try:
        day = parse_date(text)
    except ValueError:
        return None
    if day is None or not 2000 <= day.year <= 2200:
        return None
    return datetime.combine(day + timedelta(days=days), time(), ZoneInfo(actor.time_zone))
