"""Writing down a call: who calls, where from, under which contract, and what is known already (ask once)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from shouyue.commitments import books
from shouyue.contracts import queries as contracts
from shouyue.kernel.actor import Actor
from shouyue.parties.models import Contact

from . import access, forms, queries, services
from .choices import Channel, RequestType
from .models import Ticket
from .queries import KnownBefore


@dataclass(frozen=True, slots=True)
class Guess:
    """What the number or name tells: callers to choose from, then contract and site."""

    callers: list[Contact] = field(default_factory=list)
    contact: Contact | None = None
    customer_id: int | None = None
    contract_id: int | None = None
    site_id: int | None = None
    looked_up: bool = False

    def known(self, actor: Actor) -> KnownBefore:
        """What the desk knows of the caller and the site. Queries: two at most."""
        return queries.known_before(actor, self.contact, self.site_id)


def guess(actor: Actor, data: Mapping[str, Any]) -> Guess:
    """Caller by number or name, site from the contact, contract from customer and site; what is chosen wins.

    Queries: about five.
    """
    text = str(data.get("caller", ""))
    people = queries.callers(actor, text)
    chosen = _number(data.get("requester_id"))
    contact = next((person for person in people if person.pk == chosen), None)
    if contact is None and len(people) == 1:
        contact = people[0]
    if contact is None and people and data.get("caller_was") != text:
        contact = people[0]
    contract_id: int | None = _number(data.get("contract_id"))
    site_id: int | None = _number(data.get("site_id"))
    fresh = data.get("caller_was", "") != text or (chosen or 0) != _number(data.get("requester_was"))
    if contact is not None and (fresh or not site_id):
        site_id = contact.site_id
    if contact is not None and (fresh or not contract_id):
        found = contracts.contract_for(actor, contact.customer_id, site_id)
        contract_id = found.pk if found else None
    customer_id = contact.customer_id if contact else None
    if customer_id is None and contract_id:
        row = (
            contracts.contracts_visible_to(actor).filter(pk=contract_id).values_list("customer_id", flat=True)
        )
        customer_id = row.first()
    return Guess(
        people, contact, customer_id, contract_id or None, site_id or None, looked_up=bool(text.strip())
    )


def form_for(
    actor: Actor, found: Guess, posted: Mapping[str, Any] | None, query: Mapping[str, Any]
) -> forms.LogForm:
    """The form with its boxes filled from the guess; what was typed stays."""
    initial = {
        "channel": Channel.PHONE,
        "request_type": RequestType.INCIDENT,
        "answered": "title" not in query,
        **{name: query[name] for name in query if name in forms.LogForm.base_fields},
        "requester_id": found.contact.pk if found.contact else "",
        "contract_id": found.contract_id or "",
        "site_id": found.site_id or "",
    }
    given = dict(posted.items()) if posted is not None else None
    if given is not None:
        for name in ("requester_id", "contract_id", "site_id"):
            given[name] = given.get(name) or initial[name]
    form = forms.LogForm(given, initial=initial)
    language = get_language() or "zh-hans"
    people = [(person.pk, f"{queries.contact_text(person)} — {person.customer}") for person in found.callers]
    offered = {
        "requester_id": forms.with_empty(people),
        "contract_id": forms.with_empty(queries.contract_choices(actor, found.customer_id)),
        "site_id": forms.with_empty(queries.site_choices(actor, found.customer_id)),
    }
    for fact in ("urgency", "impact", "severity"):
        offered[fact] = forms.with_empty(queries.labelled_words(found.contract_id, fact, language))
    if not offered["severity"][1:]:
        del form.fields["severity"]
        del offered["severity"]
    for name, choices in offered.items():
        form.fields[name].choices = choices  # type: ignore[attr-defined]
    if found.contract_id and "ticket.request_complete" in books.guards_before(
        found.contract_id, "visit.dispatch"
    ):
        for name in ("requester_id", "site_id", "description"):
            form.fields[name].help_text = _("Needed before an engineer is sent.")
    if found.looked_up and not found.callers:
        form.fields["requester_id"].help_text = _("Nobody found; the ticket keeps the number.")
    return form


@transaction.atomic
def log(actor: Actor, data: Mapping[str, Any], source_key: str | None) -> Ticket:
    """Report, rank when urgency and impact are given, answer when the call answered it, take when wanted."""
    values: dict[str, Any] = {
        name: data.get(name) or ""
        for name in (
            "title",
            "description",
            "affected",
            "channel",
            "request_type",
            "urgency",
            "impact",
            "severity",
        )
    }
    ticket = services.report_ticket(
        actor=actor,
        contract_id=data["contract_id"],
        site_id=data.get("site_id"),
        requester_id=data.get("requester_id"),
        caller_phone=str(data.get("caller") or "")[:40],
        source_key=source_key,
        **values,
    )
    if ticket.status != "new" or ticket.version > 1:
        return ticket  # the same form was sent before
    args: dict[str, Any] = {"actor": actor, "ticket_id": ticket.pk}
    if data.get("answered"):
        services.respond_to_ticket(**args)
    if values["urgency"] and values["impact"] and access.can(actor, "triage", ticket):
        services.triage_ticket(**args, urgency=values["urgency"], impact=values["impact"])
    if data.get("take"):
        services.take_ticket(**args)
    return ticket


def _number(value: Any) -> int:
    text = str(value or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0
