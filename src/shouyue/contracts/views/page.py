"""The contract page: one URL per tab."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise as LazyText
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from shouyue.contracts import access, forms, loading, plan_page, queries
from shouyue.contracts.choices import Role
from shouyue.contracts.models import Contract
from shouyue.contracts.planning import queries as planning
from shouyue.kernel import clock
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import NotAllowed, NotFound
from shouyue.web import panels
from shouyue.web.actors import actor_of
from shouyue.web.htmx import render_page

Context = dict[str, Any]


@dataclass(frozen=True)
class View:
    """What every tab is built from. form: a bound form that was refused."""

    request: HttpRequest
    actor: Actor
    contract: Contract
    form: Form | None
    language: str

    @property
    def can_manage(self) -> bool:
        return access.can_manage(self.actor, self.contract.pk)

    @property
    def can_staff(self) -> bool:
        return access.can_staff(self.actor, self.contract.pk)


FIRST_TAB = "promises"
"""What a contract promises is what people come for."""


@dataclass(frozen=True)
class TabLink:
    """A tab as the tab row shows it."""

    key: str
    label: str | LazyText
    url: str
    icon: str
    count: int | None = None


@require_GET
def show(request: HttpRequest, code: str, tab: str = FIRST_TAB) -> HttpResponse:
    """One tab of the contract page."""
    return render_tab(request, code, tab)


def render_tab(
    request: HttpRequest, code: str, tab: str, *, form: Form | None = None, status: int = 200
) -> HttpResponse:
    """The page with a tab open; form: one that was refused and is shown again. Raises: NotFound."""
    if tab not in TABS:
        raise NotFound
    actor = actor_of(request)
    contract = queries.contract_of(actor, code)
    view = View(request, actor, contract, form, get_language() or "zh-hans")
    rules = loading.compiled(contract.pk, contract.version)
    stage = next((entry for entry in rules.stages if entry.name == queries.stage_today(rules)), None)
    context = {
        "contract": contract,
        "state": contract.state_on(clock.today(contract.time_zone)),
        "stage": stage.title.pick(view.language) if stage else "",
        "tabs": [_link(contract, key) for key in TABS],
        "active": tab,
        "tab_template": f"contracts/tabs/{tab}.html",
        "can_manage": view.can_manage,
        "can_staff": view.can_staff,
        "rules": rules,
        **TABS[tab].build(view),
    }
    return render_page(request, "contracts/contract.html", context, status=status)


def _link(contract: Contract, key: str) -> TabLink:
    return TabLink(key, TABS[key].label, tab_url(contract.code, key), TABS[key].icon)


def tab_url(code: str, tab: str) -> str:
    """Where a tab of a contract is; the first one is the contract's own page."""
    if tab == FIRST_TAB:
        return reverse("contracts:contract", args=[code])
    return reverse("contracts:tab", args=[code, tab])


def _overview(view: View) -> Context:
    contract, actor = view.contract, view.actor
    rules = loading.compiled(contract.pk, contract.version)
    page = _plan(view)
    return {
        "pairs": [
            (_("Customer"), contract.customer.name),
            (_("Term"), f"{contract.starts_on} – {contract.ends_on}"),
            (_("Service plan"), f"{page.title} · v{contract.plan_version.number}"),
            (_("Service level"), contract.service_level),
            (_("Responsible unit"), contract.unit.name if contract.unit else ""),
            (_("Supervision firm"), contract.supervision_firm.name if contract.supervision_firm else ""),
            (_("Service desk's phone"), contract.desk_phone),
            (_("Time zone"), contract.time_zone),
        ],
        "about": page.about,
        "stages": _stage_rows(view),
        "leads": [row for row in queries.memberships_of(actor, contract.pk) if row.role in LEADS][:12],
        "site_count": len(rules.sites),
        "promise_count": len(page.promises),
        "agree_count": len(page.to_agree),
        "waiting_count": len(page.waiting),
    }


LEADS = (
    Role.PROJECT_MANAGER,
    Role.SERVICE_MANAGER,
    Role.SERVICE_SUPERVISOR,
    Role.REGIONAL_SUPERVISOR,
    Role.IT_CONTACT,
)


def _stage_rows(view: View) -> list[Context]:
    rules = loading.compiled(view.contract.pk, view.contract.version)
    today = clock.today(rules.zone)
    current = rules.stage_on(today)
    entered = {row.name: row.entered_at for row in queries.stages_of(view.actor, view.contract.pk)}
    return [
        {
            "title": stage.title.pick(view.language),
            "starts_on": stage.starts_on,
            "ends_on": stage.ends_on,
            "entered_at": entered.get(stage.name),
            "is_current": stage.name == current,
            "is_over": stage.ends_on is not None and stage.ends_on < today,
        }
        for stage in rules.stages
    ]


def _plan(view: View) -> plan_page.PlanPage:
    page = plan_page.plan_page(view.contract.plan_version_id, view.language)
    return page if access.sees_provider_side(view.actor, view.contract.pk) else page.for_customer()


def _promises(view: View) -> Context:
    """The board of whoever watches promises, else the promises as the plan states them."""
    board = panels.panels_for("contract", view.request, view.contract, place="board")
    return {"board": board, "plan": None if board else _plan(view)}


def _plan_text(view: View) -> Context:
    return {
        "plan": _plan(view),
        "sees_provider_side": access.sees_provider_side(view.actor, view.contract.pk),
    }


def _sites(view: View) -> Context:
    rows = list(queries.sites_of(view.actor, view.contract.pk))
    areas = queries.areas(loading.compiled(view.contract.pk, view.contract.version), view.language)
    form = view.form
    if form is None and view.can_manage:
        form = forms.SiteForm(customer_id=view.contract.customer_id, areas=areas)
    said = dict(areas)
    return {"rows": [(row, said.get(row.area, row.area)) for row in rows], "form": form}


def _members(view: View) -> Context:
    rows = list(queries.memberships_of(view.actor, view.contract.pk))
    return {
        "inside": [row for row in rows if not row.is_outside],
        "outside": [row for row in rows if row.is_outside],
        "withheld": {
            role for role in access.MANAGES if not access.may_give(view.actor, view.contract.pk, role)
        },
        "form": view.form or (forms.MemberForm() if view.can_staff else None),
        "today": clock.today(view.contract.time_zone),
    }


def _responsibilities(view: View) -> Context:
    rows = list(queries.responsibilities_of(view.actor, view.contract.pk))
    return {"rows": rows, "form": view.form or (forms.ResponsibilityForm() if view.can_manage else None)}


def _milestones(view: View) -> Context:
    rules = loading.compiled(view.contract.pk, view.contract.version)
    reached = {row.name: row for row in queries.milestones_of(view.actor, view.contract.pk)}
    planned = rules.plan.milestones
    names = milestone_choices(view.contract, view.language)
    return {
        "rows": [
            {
                "title": entry.title.pick(view.language),
                "reached": reached.get(entry.name),
                "signed_by": entry.signed_by,
            }
            for entry in planned
        ],
        "stages": _stage_rows(view),
        "form": view.form or (forms.MilestoneForm(names=names) if view.can_manage and names else None),
    }


def milestone_choices(contract: Contract, language: str) -> list[tuple[str, str]]:
    """The milestones of the contract's plan."""
    plan = loading.compiled(contract.pk, contract.version).plan
    return [(entry.name, entry.title.pick(language)) for entry in plan.milestones]


def _warranty(view: View) -> Context:
    rules = loading.compiled(view.contract.pk, view.contract.version)
    today = clock.today(rules.zone)
    rows = [
        {
            "title": term.title.pick(view.language),
            "lasts": plan_page.span_in_words(term.lasts, view.language),
            "starts_on": term.starts_on,
            "ends_on": term.ends_on,
            "covered": term.covers(today) if term.ends_on else None,
            "days_left": (term.ends_on - today).days if term.ends_on else None,
        }
        for term in rules.warranty
    ]
    return {"rows": rows, "settled": _plan(view).settled}


def _catalogue(view: View) -> Context:
    rules = loading.compiled(view.contract.pk, view.contract.version)
    return {"rows": plan_page.catalogue_rows(rules, clock.today(rules.zone), view.language)}


def _versions(view: View) -> Context:
    form = view.form or (forms.PlanTextForm() if view.can_manage else None)
    return {
        "rows": list(queries.plan_versions_of(view.actor, view.contract)),
        "drafts": list(planning.drafts_of(view.actor, view.contract.pk)[:50]),
        "proposals": list(planning.proposals_of(view.actor, view.contract.pk)[:50]),
        "form": form,
    }


@dataclass(frozen=True)
class Tab:
    """A tab: what it is called and where its context comes from."""

    label: str | LazyText
    icon: str
    build: Callable[[View], Context]


TABS: Mapping[str, Tab] = {
    "promises": Tab(_("Promise board"), "layout-dashboard", _promises),
    "overview": Tab(_("Overview"), "info-circle", _overview),
    "plan": Tab(_("Service plan"), "file-text", _plan_text),
    "sites": Tab(_("Sites"), "map-pin", _sites),
    "members": Tab(_("Members"), "users", _members),
    "responsibilities": Tab(_("Responsibilities"), "checklist", _responsibilities),
    "milestones": Tab(_("Milestones and stages"), "flag", _milestones),
    "warranty": Tab(_("Warranty"), "shield-check", _warranty),
    "catalogue": Tab(_("Service catalogue"), "list-details", _catalogue),
    "versions": Tab(_("Plan versions"), "versions", _versions),
}


@require_GET
def people(request: HttpRequest, code: str) -> HttpResponse:
    """People who may be given a role in this contract: the answer to the combobox."""
    actor = actor_of(request)
    contract = queries.contract_of(actor, code)
    if not access.can_staff(actor, contract.pk):
        raise NotAllowed
    found = queries.candidates(actor, contract, request.GET.get("q", "")[:100])
    options = [
        {
            "value": user.pk,
            "label": user.name,
            "note": user.username if user.customer_id == 0 else f"{contract.customer.name} · {user.username}",
        }
        for user in found
    ]
    return render(request, "web/components/options.html", {"options": options})
