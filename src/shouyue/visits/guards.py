"""The conditions plans may demand of work on site and of leaving it."""

from __future__ import annotations

from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from shouyue.kernel.gates import Refusal, Request, Wanted
from shouyue.signoff.services import guards as signoffs
from shouyue.web.templatetags.shouyue import listed

from . import queries
from .choices import Outcome, Use


def permissions_given(request: Request) -> Refusal | None:
    """Met when everything the work touches (`uses`) is permitted. Queries: one per thing touched."""
    missing = []
    for use in str(request.facts.get("uses") or "").split():
        asked = Request(
            request.act,
            request.subject,
            request.customer_id,
            request.contract_id,
            request.actor,
            {**request.facts, "purpose": use},
        )
        if signoffs.given(asked) is not None:
            missing.append(Use(use))
    if not missing:
        return None
    return Refusal(
        "visit.permissions_given",
        lazy(
            lambda: (
                _("The permission is missing: %(what)s.") % {"what": listed(use.label for use in missing)}
            ),
            str,
        )(),
        tuple(Wanted("consent", use.value) for use in missing),
    )


def no_open_problems(request: Request) -> Refusal | None:
    """Met unless the engineer leaves a problem behind that needs work on site."""
    if request.facts.get("outcome") != Outcome.UNSOLVED:
        return None
    return Refusal("visit.no_open_problems", _("A problem that needs work on site is not solved."))


def backups_cleared(request: Request) -> Refusal | None:
    """Met when the user was asked about temporary backups, and they are dealt with."""
    if request.facts.get("backups"):
        return None
    return Refusal("visit.backups_cleared", _("Ask what is to become of temporary backups, and say it."))


def user_confirmed(request: Request) -> Refusal | None:
    """Met by the user's confirmation of the solution, or the customer's signature for the visit. Queries: two."""
    kind, number = request.subject
    if kind == "visit" and queries.is_confirmed(number):
        return None
    signed = Request(
        request.act,
        request.subject,
        request.customer_id,
        request.contract_id,
        request.actor,
        {**request.facts, "subject": "visit"},
    )
    if signoffs.signed(signed) is None:
        return None
    return Refusal(
        "visit.user_confirmed",
        _("The user has neither confirmed the solution nor signed for the visit."),
        (Wanted("signature", "visit", from_both=True),),
    )


def diagnosed_jointly(request: Request) -> Refusal | None:
    """Met when the engineer names who took part in the diagnosis."""
    if str(request.facts.get("diagnosed_with") or "").strip():
        return None
    return Refusal("visit.diagnosed_jointly", _("Name the developers or senior technicians who took part."))


def engineer_on_site(request: Request) -> Refusal | None:
    """Met while an engineer is on site for the case. Queries: one."""
    kind, number = request.subject
    thread, _colon, of = str(request.facts.get("case") or f"{kind}:{number}").partition(":")
    if thread == "ticket" and of.isdigit() and queries.is_on_site(int(of), request.customer_id):
        return None
    return Refusal("visit.engineer_on_site", _("No engineer is on site."))
