"""Pages: objections to verdicts, raising one, and what each side says to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shouyue.contracts import queries as contracts
from shouyue.contracts.choices import Role
from shouyue.contracts.models import PlanProposal
from shouyue.files import queries as files
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Conflict, Invalid, NotFound
from shouyue.kernel.events import declared_verbs
from shouyue.signoff import queries as signoffs
from shouyue.web import lists
from shouyue.web.actors import actor_of
from shouyue.web.form_errors import add_errors
from shouyue.web.htmx import go, render_page
from shouyue.web.lists import Choice, Column, Empty, Filter, ListPage
from shouyue.web.states import Tone
from shouyue.web.wording import noted

from . import access, cases, queries
from .choices import ObjectionAct, ObjectionKind, ObjectionState, WaiverReason
from .closing_models import Objection
from .models import Obligation
from .queries import objections as found_objections
from .queries.explaining import Step
from .services import waiving

COLUMNS = (
    Column(key="promise", label=gettext_lazy("Promise")),
    Column(key="kind", label=gettext_lazy("Kind")),
    Column(key="reason", label=gettext_lazy("Reason")),
    Column(key="state", label=gettext_lazy("State")),
    Column(key="proposed", label=gettext_lazy("Proposed")),
)
_LOOKS: dict[ObjectionAct, tuple[str, Tone]] = {
    ObjectionAct.PROPOSED: ("message-circle", "info"),
    ObjectionAct.APPROVED: ("circle-check", "info"),
    ObjectionAct.AGREED: ("circle-check", "good"),
    ObjectionAct.REFUSED: ("circle-x", "bad"),
    ObjectionAct.WITHDRAWN: ("circle-minus", "neutral"),
}


class ObjectionForm(forms.Form):
    """What is held against a verdict. The files are read from the request."""

    reason = forms.ChoiceField(label=gettext_lazy("reason"), choices=WaiverReason.choices)
    text = forms.CharField(
        label=gettext_lazy("explanation"), max_length=4000, widget=forms.Textarea(attrs={"rows": 4})
    )
    evidence = forms.MultipleChoiceField(
        label=gettext_lazy("events that prove it"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, events: Sequence[tuple[str, str]], dispute: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["evidence"].choices = list(events)  # type: ignore[attr-defined]
        if dispute:
            del self.fields["reason"]
        if not events:
            del self.fields["evidence"]


@require_GET
def objections(request: HttpRequest) -> HttpResponse:
    """Waivers and disputes of the contracts one may read; those that wait for somebody first."""
    actor = actor_of(request)
    visible = list(contracts.contracts_visible_to(actor).only("id", "code", "name"))
    filters = lists.filters_from(
        request,
        [
            Filter(
                key="contract",
                label=_("Contract"),
                choices=[Choice(value=one.code, label=f"{one.code} {one.name}") for one in visible],
            ),
            Filter(
                key="kind",
                label=_("Kind"),
                choices=[Choice(value=value, label=label) for value, label in ObjectionKind.choices],
            ),
            Filter(
                key="state",
                label=_("State"),
                choices=[
                    Choice(value="open", label=_("Waiting for an answer")),
                    *(Choice(value=value, label=label) for value, label in ObjectionState.choices),
                ],
            ),
        ],
    )
    values = {item.key: item.value for item in filters}
    contract = next((one for one in visible if one.code == values["contract"]), None)
    rows = found_objections.objections_matching(
        actor, contract_id=contract.pk if contract else None, state=values["state"], kind=values["kind"]
    )
    part = lists.keyset(rows, order=("-id",), cursor=request.GET.get("after", ""))
    page = ListPage(
        id="objections",
        caption=_("Waivers and disputes"),
        columns=COLUMNS,
        rows=[_row(one, actor) for one in part.rows],
        row_template="commitments/_objection_row.html",
        filters=filters,
        next_cursor=part.next_cursor,
        previous_cursor=part.previous_cursor,
        empty=Empty(
            title=_("No waiver and no dispute"),
            text=_("They begin on the page of a missed or a kept obligation."),
            icon="scale",
        ),
    )
    return render_page(request, "commitments/objections.html", {"list": page}, part="list")


def _row(one: Objection, actor: Actor) -> dict[str, Any]:
    return {
        "objection": one,
        "title": one.obligation.commitment.title(actor.language),
        "kind": ObjectionKind(one.kind).label,
        "reason": WaiverReason(one.reason).label if one.kind == ObjectionKind.WAIVER else "",
        "contract": one.contract,
        "url": reverse("commitments:objection", args=[one.pk]),
    }


@require_GET
def objection(request: HttpRequest, objection_id: int) -> HttpResponse:
    """One objection: the verdict it is about, what each side said, and what may be said now."""
    actor = actor_of(request)
    return _page(request, actor, found_objections.objection_of(actor, objection_id))


def _page(
    request: HttpRequest, actor: Actor, one: Objection, problem: str = "", status: int = 200
) -> HttpResponse:
    row = one.obligation
    verbs = declared_verbs()
    acts = found_objections.acts_on(actor, one)
    asked = signoffs.about(actor, ("objection", one.pk))
    context = _row(one, actor) | {
        "obligation": row,
        "case": cases.labels_of(row.case_type, [row.case_id])[row.case_id],
        "text": row.commitment.text(actor.language),
        "steps": [_step(step) for step in found_objections.steps_of(one)],
        "events": [
            {"at": event.occurred_at, "title": verbs[event.verb].label if event.verb in verbs else event.verb}
            for event in found_objections.events_with(actor, one.evidence)
        ],
        "files": files.files_of(actor, ("objection", one.pk)),
        "signoffs": asked,
        "mine": signoffs.waiting_among(actor, asked),
        "acts": acts,
        "waits": _waits_for(one),
        "problem": problem,
    }
    return render_page(request, "commitments/objection.html", context, status=status)


def _step(step: Any) -> Step:
    icon, tone = _LOOKS[ObjectionAct(step.act)]
    name = noted(step.name, Role(step.role).label) if step.role in Role.values else step.name
    return Step(step.at, str(ObjectionAct(step.act).label), name, icon, tone, step.words)


def _waits_for(one: Objection) -> list[str]:
    """Whose word an open objection waits for."""
    return [str(Role(role).label) for role in waiving.asked_roles(one)] if one.is_open else []


@require_http_methods(["GET", "POST"])
def waive(request: HttpRequest, obligation_id: int) -> HttpResponse:
    """Ask that a miss be waived."""
    return _raise(request, obligation_id, dispute=False)


@require_http_methods(["GET", "POST"])
def dispute(request: HttpRequest, obligation_id: int) -> HttpResponse:
    """The customer disputes a verdict."""
    return _raise(request, obligation_id, dispute=True)


def _raise(request: HttpRequest, obligation_id: int, *, dispute: bool) -> HttpResponse:
    actor = actor_of(request)
    row = queries.obligation_of(actor, obligation_id)
    may = access.can_dispute if dispute else access.can_propose
    access.require(may(actor, row.contract_id))
    form = ObjectionForm(
        request.POST or None, events=_choices(actor, row), dispute=dispute, initial={"reason": ""}
    )
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        shared: dict[str, Any] = {
            "actor": actor,
            "obligation_id": row.pk,
            "text": given["text"],
            "evidence": [int(number) for number in given.get("evidence", ())],
            "uploads": request.FILES.getlist("files"),
        }
        try:
            if dispute:
                made = waiving.dispute_verdict(**shared)
            else:
                made = waiving.propose_waiver(reason=given["reason"], **shared)
        except (Invalid, Conflict) as error:
            add_errors(form, error)
        else:
            said = _("The verdict is disputed.") if dispute else _("The waiver is proposed.")
            return go(request, reverse("commitments:objection", args=[made.pk]), said)
    context = {
        "form": form,
        "obligation": row,
        "title": row.commitment.title(actor.language),
        "text": row.commitment.text(actor.language),
        "case": cases.labels_of(row.case_type, [row.case_id])[row.case_id],
        "dispute": dispute,
    }
    status = 200 if request.method == "GET" else 422
    return render_page(request, "commitments/object.html", context, status=status)


def _choices(actor: Actor, row: Obligation) -> list[tuple[str, str]]:
    """What happened in the case, with the time: a case may have many notes."""
    verbs, zone = declared_verbs(), ZoneInfo(row.contract.time_zone)
    return [
        (
            str(event.pk),
            f"{event.occurred_at.astimezone(zone):%m-%d %H:%M} "
            f"{verbs[event.verb].label if event.verb in verbs else event.verb}",
        )
        for event in found_objections.case_events(actor, (row.case_type, row.case_id))
        if not event.verb.startswith("obligation.")
    ]


_ACTS: dict[str, tuple[Callable[..., Objection], str | Promise]] = {
    "approve": (waiving.approve_waiver, gettext_lazy("Approved.")),
    "agree": (waiving.agree_waiver, gettext_lazy("Agreed: the obligation is waived.")),
    "accept": (waiving.accept_dispute, gettext_lazy("Accepted: the obligation counts as missed.")),
    "refuse": (waiving.refuse_objection, gettext_lazy("Not accepted; the verdict stands.")),
    "withdraw": (waiving.withdraw_objection, gettext_lazy("Taken back.")),
}


@require_POST
def decide(request: HttpRequest, objection_id: int, slug: str) -> HttpResponse:
    """Say something to an objection: approve, agree, accept, refuse, withdraw."""
    actor = actor_of(request)
    one = found_objections.objection_of(actor, objection_id)
    act, said = _ACTS.get(slug, (None, ""))
    if act is None:
        raise NotFound
    try:
        act(actor=actor, objection_id=one.pk, words=request.POST.get("words", "")[:4000])
    except Invalid as error:
        texts = [str(text) for values in error.fields.values() for text in values]
        return _page(request, actor, one, problem=" ".join(texts) or error.message, status=422)
    return go(request, reverse("commitments:objection", args=[one.pk]), said)


def of_obligation(actor: Actor, row: Obligation) -> dict[str, Any]:
    """What the page of an obligation shows: its objections, and whether one may be raised."""
    rows = found_objections.objections_to(actor, row.pk)
    is_free = all(not one.is_open for one in rows)
    return {
        "rows": [_row(one, actor) for one in rows],
        "may_waive": is_free and row.state in waiving.WAIVABLE and access.can_propose(actor, row.contract_id),
        "may_dispute": is_free
        and not row.commitment.is_internal
        and row.state in waiving.DISPUTABLE
        and access.can_dispute(actor, row.contract_id),
    }


def proposal_panel(request: HttpRequest, proposal: object) -> str | None:
    """Beside a proposed plan: the sign-offs by which both sides are asked."""
    if not isinstance(proposal, PlanProposal):
        return None
    actor = actor_of(request)
    rows = signoffs.about(actor, ("plan_proposal", proposal.pk))
    context = {"rows": rows, "mine": signoffs.waiting_among(actor, rows), "ask_url": "", "all_url": ""}
    return render_to_string("signoff/_panel.html", context, request) if rows else None
