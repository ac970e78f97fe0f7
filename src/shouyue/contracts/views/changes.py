"""Forms that change a contract. A refused form is shown again on its tab with status 422 (409 after a conflict)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from shouyue.contracts import access, forms, loading, queries, services
from shouyue.contracts.models import Contract
from shouyue.contracts.views.page import milestone_choices, render_tab, tab_url
from shouyue.kernel.errors import Conflict, Invalid, NotAllowed
from shouyue.web.actors import actor_of
from shouyue.web.htmx import go, render_page


@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """Set up a contract."""
    actor = actor_of(request)
    if not access.can_set_up(actor):
        raise NotAllowed
    form = forms.NewContractForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            contract = services.create_contract(actor=actor, **form.values())
        except (Invalid, Conflict) as error:
            forms.show_error(form, error)
        else:
            url = reverse("contracts:contract", args=[contract.code])
            return go(request, url, _("The contract %(code)s is set up.") % {"code": contract.code})
    status = 200 if request.method == "GET" else 422
    return render_page(request, "contracts/edit.html", {"form": form, "contract": None}, status=status)


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, code: str) -> HttpResponse:
    """Change a contract's own fields."""
    actor = actor_of(request)
    contract = queries.contract_of(actor, code)
    if not access.can_manage(actor, contract.pk):
        raise NotAllowed
    initial = {name: getattr(contract, name) for name in forms.EditContractForm.base_fields}
    form = forms.EditContractForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_contract(
                actor=actor, contract_id=contract.pk, version=_version(request), **form.values()
            )
        except (Invalid, Conflict) as error:
            forms.show_error(form, error)
        else:
            return go(request, reverse("contracts:contract", args=[code]), _("The contract is changed."))
    status = 200 if request.method == "GET" else 422
    return render_page(request, "contracts/edit.html", {"form": form, "contract": contract}, status=status)


def _version(request: HttpRequest) -> int | None:
    given = request.POST.get("version", "")
    return int(given) if given.isdigit() else None


@require_POST
def add_member(request: HttpRequest, code: str) -> HttpResponse:
    """Give a person a role."""

    def act(contract: Contract, form: Form) -> None:
        values = dict(form.cleaned_data)
        services.add_member(
            actor=actor_of(request), contract_id=contract.pk, user_id=values.pop("user"), **values
        )

    return _submit(
        request, code, "members", lambda contract: forms.MemberForm(request.POST), act, _("Member added.")
    )


@require_POST
def remove_member(request: HttpRequest, code: str, membership_id: int) -> HttpResponse:
    """Take a role from a person."""
    actor = actor_of(request)
    contract = queries.contract_of(actor, code)
    row = queries.membership_of(actor, contract.pk, membership_id)
    services.remove_member(actor=actor, contract_id=contract.pk, user_id=row.user_id, role=row.role)
    return go(request, tab_url(code, "members"), _("Member removed."))


@require_POST
def set_site(request: HttpRequest, code: str) -> HttpResponse:
    """Take a site under the contract or change how it is served."""

    def act(contract: Contract, form: Form) -> None:
        values = form.cleaned_data
        services.set_site_zone(
            actor=actor_of(request),
            contract_id=contract.pk,
            site_id=values["site"].pk,
            mode=values["mode"],
            area=values["area"],
            unit_id=values["unit"].pk if values["unit"] else None,
        )

    def make(contract: Contract) -> Form:
        areas = queries.areas(loading.compiled(contract.pk, contract.version), actor_of(request).language)
        return forms.SiteForm(request.POST, customer_id=contract.customer_id, areas=areas)

    return _submit(request, code, "sites", make, act, _("Site set."))


@require_POST
def remove_site(request: HttpRequest, code: str, site_id: int) -> HttpResponse:
    """The contract no longer serves the site."""
    actor = actor_of(request)
    contract = queries.contract_of(actor, code)
    services.remove_site(actor=actor, contract_id=contract.pk, site_id=site_id)
    return go(request, tab_url(code, "sites"), _("Site removed."))


@require_POST
def reach_milestone(request: HttpRequest, code: str) -> HttpResponse:
    """Record a milestone."""

    def act(contract: Contract, form: Form) -> None:
        services.reach_milestone(actor=actor_of(request), contract_id=contract.pk, **form.cleaned_data)

    def make(contract: Contract) -> Form:
        return forms.MilestoneForm(
            request.POST, names=milestone_choices(contract, get_language() or "zh-hans")
        )

    return _submit(request, code, "milestones", make, act, _("Milestone recorded."))


@require_POST
def set_responsibility(request: HttpRequest, code: str) -> HttpResponse:
    """Write a line of the responsibility matrix."""

    def act(contract: Contract, form: Form) -> None:
        services.set_responsibility(actor=actor_of(request), contract_id=contract.pk, **form.cleaned_data)

    def make(contract: Contract) -> Form:
        return forms.ResponsibilityForm(request.POST)

    return _submit(request, code, "responsibilities", make, act, _("Responsibility set."))


@require_POST
def remove_responsibility(request: HttpRequest, code: str, responsibility_id: int) -> HttpResponse:
    """Strike a line of the responsibility matrix."""
    actor = actor_of(request)
    contract = queries.contract_of(actor, code)
    services.remove_responsibility(actor=actor, contract_id=contract.pk, responsibility_id=responsibility_id)
    return go(request, tab_url(code, "responsibilities"), _("Responsibility removed."))


def _submit(
    request: HttpRequest,
    code: str,
    tab: str,
    make: Callable[[Contract], Form],
    act: Callable[[Contract, Any], None],
    done: str | Promise,
) -> HttpResponse:
    """Read the form, call the service, go back to the tab; show a refused form again."""
    contract = queries.contract_of(actor_of(request), code)
    form = make(contract)
    if form.is_valid():
        try:
            act(contract, form)
        except (Invalid, Conflict) as error:
            forms.show_error(form, error)
        else:
            return go(request, tab_url(code, tab), done)
    elif not access.can_staff(actor_of(request), contract.pk):
        raise NotAllowed
    return render_tab(request, code, tab, form=form, status=422)
