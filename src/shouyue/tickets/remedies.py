"""Where what a promise of the contract still wants can be given: links beside the words of a refusal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from shouyue.commitments.services import gating
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import ShouyueError
from shouyue.kernel.gates import Refusal, Request, Wanted
from shouyue.signoff import access as signoffs
from shouyue.signoff.choices import PURPOSES, Kind
from shouyue.web.wording import noted

from . import access, rules
from .models import Ticket
from .services import acting, charging

ACTS: Mapping[str, tuple[str, str, str | Promise]] = {
    "ticket.user_confirmed": ("confirm", "confirm", _("User confirms")),
    "ticket.level_set": ("triage", "triage", _("Triage")),
    "ticket.handling_recorded": ("record_handling", "handling", _("Handling record")),
    "ticket.attribution_known": ("set_attribution", "attribution", _("What caused the fault")),
    "ticket.replacement_agreed": ("decide_replacement", "replacement", _("User's decision on replacement")),
}
"""The act on the ticket that meets a guard: its move, its slug, its name."""

ASKED: Mapping[str, str | Promise] = {
    Kind.CONSENT: _("Ask for the consent"),
    Kind.APPROVAL: _("Ask for the approval"),
    Kind.SIGNATURE: _("Have it signed"),
}


FORETOLD: Mapping[str, tuple[str, ...]] = {
    "assign": ("ticket.assign",),
    "resolve": ("ticket.resolve", "ticket.close"),
    "close": ("ticket.close",),
}
"""Whose conditions a form names beforehand: what is asked at closing is known best by whoever resolves."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """A link to where something missing is given. in_drawer: its form opens beside the page."""

    label: str
    url: str
    in_drawer: bool = False


@dataclass(frozen=True, slots=True)
class Want:
    """What an act would still want. is_breach: it may be done all the same, which is recorded as a breach."""

    text: str
    is_breach: bool
    refusal: Refusal


def wants(request: Request) -> list[Want]:
    """What the contract's promises would have against an act, in words, before it is tried."""
    return [Want(str(refusal.message), breach, refusal) for refusal, breach in gating.foreseen(request)]


def before(acts: Iterable[str], actor: Actor, ticket: Ticket) -> list[Want]:
    """What these acts would still want, told with a form before it is sent; the user's word comes later."""
    about, facts = ("ticket", ticket.pk), acting.facts_of(ticket)
    found = [
        one
        for act in acts
        for one in wants(Request(act, about, ticket.customer_id, ticket.contract_id, actor, facts))
    ]
    return [one for one in found if one.refusal.guard != "ticket.user_confirmed"]


def after(error: ShouyueError, actor: Actor, ticket: Ticket, visit_id: int | None = None) -> list[Remedy]:
    """The links for a refused act; none for any other error."""
    return remedies(getattr(error, "refusals", ()), actor, ticket, visit_id)


def remedies(
    refusals: Iterable[Refusal], actor: Actor, ticket: Ticket, visit_id: int | None = None
) -> list[Remedy]:
    """Where this person can see to what is missing. visit_id: sign-offs are asked about this visit."""
    found: dict[str, Remedy] = {}
    for refusal in refusals:
        for remedy in _of(refusal, actor, ticket, visit_id):
            found.setdefault(remedy.label, remedy)  # two promises may want the same signature
    return list(found.values())


def signing_url(actor: Actor, ticket: Ticket, visit_id: int) -> str:
    """Where both sides sign for a visit."""
    return _asking(Wanted(Kind.SIGNATURE, "visit", from_both=True), actor, ticket, visit_id).url


def _of(refusal: Refusal, actor: Actor, ticket: Ticket, visit_id: int | None) -> Iterable[Remedy]:
    if refusal.guard in ACTS:
        move, slug, label = ACTS[refusal.guard]
        if rules.may_move(move, ticket.status) and access.can(actor, move, ticket):
            yield Remedy(str(label), reverse("tickets:act", args=[ticket.number, slug]), in_drawer=True)
    if refusal.guard == "ticket.request_complete" and access.can(actor, "edit", ticket):
        yield Remedy(str(_("Complete the ticket")), reverse("tickets:edit", args=[ticket.number]))
    if refusal.guard == "ticket.charge_approved" and access.can(actor, "record_handling", ticket):
        yield _approving(ticket)
    if signoffs.can_ask(actor, ticket.contract_id):
        for wanted in refusal.wanted:
            yield _asking(wanted, actor, ticket, visit_id)


def _approving(ticket: Ticket) -> Remedy:
    """The approval that is waited for, else the form that quotes. Queries: two."""
    charge = charging.charge_of(ticket)
    if charge is not None and charging.answer_to(charge) == "asked":
        return Remedy(str(_("Customer's approval")), reverse("signoff:signoff", args=[charge.signoff_number]))
    quote = reverse("tickets:charge", args=[ticket.number, "quote"])
    return Remedy(str(_("Quote to the customer")), quote, in_drawer=True)


def _asking(wanted: Wanted, actor: Actor, ticket: Ticket, visit_id: int | None) -> Remedy:
    """The form that asks, filled with whom the plan names; a signature of both begins with the reader's own."""
    theirs = [
        f"capacity:{role.removeprefix('customer.')}" for role in wanted.by if role.startswith("customer.")
    ]
    if not theirs and ticket.requester_id is not None:
        theirs = [f"contact:{ticket.requester_id}"]
    people = [f"user:{actor.user_id}"] if wanted.from_both else []
    people += theirs[:1]
    query = {
        "about": f"visit:{visit_id}" if visit_id is not None else f"ticket:{ticket.pk}",
        "kind": wanted.kind,
        "purpose": wanted.purpose,
        **{f"who{place}": who for place, who in enumerate(people, 1)},
    }
    label = noted(ASKED.get(wanted.kind, wanted.kind), PURPOSES.get(wanted.purpose, wanted.purpose))
    return Remedy(label, f"{reverse('signoff:ask')}?{urlencode(query)}")
