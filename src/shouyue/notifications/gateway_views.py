"""Pages: how channels are set up, tried and how they do."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shouyue.kernel import clock
from shouyue.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from shouyue.web import lists
from shouyue.web.form_errors import add_errors
from shouyue.web.htmx import go, render_page

from . import access, forms, queries, secrets_of, services
from .choices import WITH_RECEIPTS, GatewayKind
from .models import Gateway, Notice
from .rules import setup
from .rules.pace import BREAKS_AFTER
from .views import actor_of

UNSETTLED = ("queued", "held", "sending")
KEPT_UNDER = "receipt_address"
RECEIPT_COLUMNS = (
    lists.Column(key="received", label=gettext_lazy("Received at")),
    lists.Column(key="message", label=gettext_lazy("Message")),
    lists.Column(key="outcome", label=gettext_lazy("Delivery result")),
    lists.Column(key="reason", label=gettext_lazy("Reason")),
)


@require_GET
def channels(request: HttpRequest) -> HttpResponse:
    """Every way out of the house and how it does."""
    actor = actor_of(request)
    rows = [
        {
            "gateway": gateway,
            "state": state_of(gateway),
            "kind": GatewayKind(gateway.kind).label,
            "used": last_use(gateway),
            "sends": gateway.kind != GatewayKind.MAIL,
        }
        for gateway in queries.gateways(actor)
    ]
    tries = queries.last_sent_by(actor, None)
    context = {
        "rows": rows,
        "mail_host": settings.EMAIL_HOST,
        "mail_from": settings.DEFAULT_FROM_EMAIL,
        "can_set_up": access.can_set_up(actor),
        "kinds": GatewayKind.choices,
        "tries": tries,
        "unsettled": _unsettled(tries),
    }
    return render_page(request, "notifications/channels.html", context, part="content")


@never_cache
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """Set up a new gateway; `kind` says which."""
    actor = actor_of(request)
    if not access.can_set_up(actor):
        raise NotAllowed
    kind = request.GET.get("kind", "")
    if kind not in GatewayKind.values:
        raise NotFound
    form = forms.GatewayForm(
        request.POST or None, kind=kind, is_new=True, initial=forms.gateway_initial(kind)
    )
    if request.method == "POST" and form.is_valid():
        try:
            gateway = services.create_gateway(actor=actor, kind=kind, **_given(form))
        except Invalid as error:
            add_errors(form, error)
        else:
            text = _("The channel is set up. Send yourself a test message.")
            return go(request, reverse("notifications:channel", args=[gateway.pk]), text)
    context = {"form": form, "kind": GatewayKind(kind).label}
    status = 422 if form.errors else 200
    return render_page(request, "notifications/channel_new.html", context, part="content", status=status)


@never_cache
@require_http_methods(["GET", "POST"])
def channel(request: HttpRequest, gateway_id: int) -> HttpResponse:
    """One gateway: its state, its last tries, its settings; its secrets are never shown."""
    actor = actor_of(request)
    gateway = queries.gateway_of(actor, gateway_id)
    initial = {
        **gateway.settings,
        "name": gateway.name,
        "per_minute": gateway.per_minute,
        "version": gateway.version,
    }
    form = forms.GatewayForm(request.POST or None, kind=gateway.kind, is_new=False, initial=initial)
    if request.method == "POST":
        if not access.can_set_up(actor):
            raise NotAllowed
        if form.is_valid():
            try:
                services.change_gateway(
                    actor=actor,
                    gateway_id=gateway_id,
                    version=form.cleaned_data["version"] or 0,
                    **_given(form),
                )
            except (Conflict, Invalid) as error:
                add_errors(form, error)
            else:
                return go(
                    request, reverse("notifications:channel", args=[gateway_id]), _("The channel is saved.")
                )
    tries = queries.last_sent_by(actor, gateway_id)
    context = {
        "gateway": gateway,
        "kind": GatewayKind(gateway.kind).label,
        "state": state_of(gateway),
        "secrets": secrets_shown(gateway),
        "form": form,
        "tries": tries,
        "unsettled": _unsettled(tries),
        "can_set_up": access.can_set_up(actor),
        "has_receipts": gateway.kind in WITH_RECEIPTS,
        "address": _address(request, gateway_id),
        "unknown": queries.receipts_by(actor, gateway_id, unknown=True).count(),
    }
    status = 422 if form.errors else 200
    return render_page(request, "notifications/channel.html", context, part="tries", status=status)


@require_GET
def receipts(request: HttpRequest, gateway_id: int) -> HttpResponse:
    """Everything a gateway has reported later, or only what belongs to no message of ours."""
    actor = actor_of(request)
    gateway = queries.gateway_of(actor, gateway_id)
    filters = lists.filters_from(
        request,
        [
            lists.Filter(
                key="which", label=_("Message"), choices=[lists.Choice(value="unknown", label=_("Unknown"))]
            )
        ],
    )
    rows = queries.receipts_by(actor, gateway_id, unknown=filters[0].value == "unknown")
    part = lists.keyset(rows, order=("-id",), cursor=request.GET.get("after", ""))
    page = lists.ListPage(
        id="receipts",
        caption=_("Delivery reports"),
        columns=RECEIPT_COLUMNS,
        rows=part.rows,
        row_template="notifications/_receipt_row.html",
        filters=filters,
        next_cursor=part.next_cursor,
        previous_cursor=part.previous_cursor,
        empty=lists.Empty(title=_("Nothing has been reported yet"), icon="mail-forward"),
    )
    context = {"list": page, "gateway": gateway}
    return render_page(request, "notifications/receipts.html", context, part="list")


@require_POST
def issue_address(request: HttpRequest, gateway_id: int) -> HttpResponse:
    """A new secret address for delivery reports; the next page shows it once."""
    request.session[KEPT_UNDER] = [
        gateway_id,
        services.issue_receipt_address(actor=actor_of(request), gateway_id=gateway_id),
    ]
    return go(request, reverse("notifications:channel", args=[gateway_id]))


def _address(request: HttpRequest, gateway_id: int) -> str:
    """The address made just now, shown once."""
    kept = request.session.get(KEPT_UNDER)
    if not kept or kept[0] != gateway_id or request.headers.get("HX-Request") == "true":
        return ""
    del request.session[KEPT_UNDER]
    return f"{settings.BASE_URL}{reverse('notifications:receipts', args=[kept[1]])}"


@require_POST
def test(request: HttpRequest, gateway_id: int) -> HttpResponse:
    """Send oneself a message through it; the page shows the answer."""
    services.test_gateway(actor=actor_of(request), gateway_id=gateway_id)
    return go(
        request, reverse("notifications:channel", args=[gateway_id]), _("The test message is on its way.")
    )


@require_POST
def test_mail(request: HttpRequest) -> HttpResponse:
    """Send oneself a mail; the page shows the answer."""
    services.test_gateway(actor=actor_of(request), gateway_id=None)
    return go(request, reverse("notifications:channels"), _("The test message is on its way."))


@require_POST
def switch(request: HttpRequest, gateway_id: int) -> HttpResponse:
    """Take it into use, or out of it."""
    on = request.POST.get("on") == "1"
    services.switch_gateway(actor=actor_of(request), gateway_id=gateway_id, on=on)
    text = _("The channel is in use.") if on else _("The channel is out of use.")
    return go(request, reverse("notifications:channel", args=[gateway_id]), text)


@require_POST
def resume(request: HttpRequest, gateway_id: int) -> HttpResponse:
    """Let it try again at once."""
    services.resume_gateway(actor=actor_of(request), gateway_id=gateway_id)
    return go(request, reverse("notifications:channel", args=[gateway_id]), _("The channel tries again."))


def state_of(gateway: Gateway) -> str:
    """How it does: off, resting, troubled or working; new before its first message."""
    if not gateway.is_active:
        return "off"
    if gateway.open_until is not None and gateway.open_until > clock.now():
        return "broken" if gateway.failures >= BREAKS_AFTER else "resting"
    if gateway.failures or (gateway.last_failed_at and not gateway.last_sent_at):
        return "troubled"
    return "working" if last_use(gateway) else "new"


def last_use(gateway: Gateway) -> datetime | None:
    """When it last did what it is for: that of returned mail sends nothing, it hears."""
    return gateway.last_receipt_at if gateway.kind == GatewayKind.MAIL else gateway.last_sent_at


def secrets_shown(gateway: Gateway) -> list[tuple[Any, str]]:
    """What is stored, never the secrets themselves: (label, where it is kept)."""
    try:
        kept = secrets_of.kept(gateway)
    except Conflict as error:
        return [(_("Secrets"), error.message)]
    found = []
    for setting in setup.SETTINGS[gateway.kind]:
        if setting.secret:
            value = kept.get(setting.name, "")
            where = (
                _("not given")
                if not value
                else value.removeprefix(secrets_of.FROM_ENVIRONMENT)
                if value.startswith(secrets_of.FROM_ENVIRONMENT)
                else _("stored, sealed")
            )
            found.append((setting.label, where))
    return found


def _unsettled(tries: list[Notice]) -> bool:
    return any(one.key.startswith("test:") and one.state in UNSETTLED for one in tries)


def _given(form: forms.GatewayForm) -> dict[str, Any]:
    return {
        "name": form.cleaned_data["name"],
        "per_minute": form.cleaned_data["per_minute"],
        "settings": form.values(secret=False),
        "secrets": form.values(secret=True),
    }
