"""Writes of visits: sent, received, on the way, there, done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from shouyue.kernel import clock, events, gates, locks
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Conflict, Invalid
from shouyue.kernel.events import FactValue
from shouyue.tickets import rules as ticket_rules
from shouyue.tickets.models import Ticket
from shouyue.tickets.services import acting

from . import access, rules
from .choices import Backups, Outcome, Use, VisitState
from .models import Visit


@transaction.atomic
def dispatch_visit(
    *,
    actor: Actor,
    ticket_id: int,
    engineer_id: int,
    planned_at: datetime | None = None,
    note: str = "",
    source_key: str | None = None,
) -> Visit:
    """Send an engineer to the customer; one who is already under way for the ticket is not sent twice.

    planned_at: when the customer expects the engineer. Raises: NotFound, NotAllowed, Conflict when the ticket is
    settled or the engineer under way with other words, Invalid, GateRefused. Locks: the ticket row.
    """
    ticket = acting.lock(actor, ticket_id)
    access.require_dispatch(actor, ticket)
    note = acting.checked_text("note", note)
    if source_key:
        known: Visit | None = Visit.objects.filter(ticket=ticket, source_key=source_key[:80]).first()
        if known is not None:
            return known
    if not access.may_go(engineer_id, ticket):
        raise Invalid(fields={"engineer_id": [_("This person does not work in the ticket's contract.")]})
    under_way: Visit | None = Visit.objects.filter(
        ticket=ticket, engineer_id=engineer_id, state__in=rules.UNDER_WAY
    ).first()
    if under_way is not None:
        if note in ("", under_way.note) and planned_at in (None, under_way.planned_at):
            return under_way
        raise Conflict(
            _("%(name)s is under way for this ticket already. Call him, or call that visit off first.")
            % {"name": under_way.engineer.name},
            code="under_way",
        )
    if ticket.status not in ticket_rules.OPEN:
        raise Conflict(_("Nobody can be sent for a ticket that is solved or closed."), code="wrong_state")
    if planned_at is not None and abs(planned_at - clock.now()) > acting.FARTHEST:
        raise Invalid(fields={"planned_at": [_("This time is too far away.")]})
    gates.require(
        "visit.dispatch",
        actor=actor,
        subject=("ticket", ticket.pk),
        customer_id=ticket.customer_id,
        contract_id=ticket.contract_id,
        facts=acting.facts_of(ticket),
    )
    visit: Visit = Visit.objects.create(
        customer_id=ticket.customer_id,
        ticket=ticket,
        engineer_id=engineer_id,
        dispatched_by_id=actor.user_id,
        planned_at=planned_at,
        dispatched_at=clock.now(),
        note=note,
        source_key=source_key[:80] if source_key else None,
    )
    _record(actor, visit, ticket, "visit.dispatched", at=None)
    return visit


def receive_visit(*, actor: Actor, visit_id: int, at: datetime | None = None) -> Visit:
    """The engineer has received the dispatch. Raises: NotFound, NotAllowed, Conflict, Invalid. Locks: ticket, visit."""
    return _step(actor, visit_id, "receive", "visit.received", at)


def depart(*, actor: Actor, visit_id: int, at: datetime | None = None) -> Visit:
    """The engineer sets out. Raises: NotFound, NotAllowed, Conflict, Invalid. Locks: ticket and visit."""
    return _step(actor, visit_id, "depart", "visit.departed", at)


def arrive(*, actor: Actor, visit_id: int, at: datetime | None = None) -> Visit:
    """The engineer is at the customer's. Raises: NotFound, NotAllowed, Conflict, Invalid. Locks: ticket and visit."""
    return _step(actor, visit_id, "arrive", "visit.arrived", at)


@transaction.atomic
def begin_work(*, actor: Actor, visit_id: int, uses: Sequence[str] = (), at: datetime | None = None) -> Visit:
    """Begin to work on site. uses: what the work touches (`Use`); a plan may ask for the permission of each.

    Raises: NotFound, NotAllowed, Conflict when not on site, Invalid, GateRefused. Locks: ticket and visit.
    """
    visit, ticket = _held(actor, visit_id)
    touched = sorted({acting.checked_choice("uses", use, Use.values, required=True) for use in uses})
    if visit.work_begun_at is not None:
        return visit
    if refusal := out_of_turn(visit, "begin"):
        raise Conflict(refusal, code="wrong_state")
    when = acting.moment(at, ticket)
    if when < _latest(visit):
        raise Invalid(fields={"at": [_("This time lies before the step before.")]})
    _ask(actor, visit, ticket, "visit.begin_work", {"uses": " ".join(touched)})
    visit.work_begun_at = when
    visit.version += 1
    visit.save(update_fields=["work_begun_at", "version"])
    _record(actor, visit, ticket, "visit.work_begun", at=when)
    return visit


@transaction.atomic
def leave(
    *,
    actor: Actor,
    visit_id: int,
    outcome: str,
    report: str = "",
    backups: str = "",
    diagnosed_with: str = "",
    at: datetime | None = None,
) -> Visit:
    """The engineer leaves and says what was achieved.

    backups: what became of temporary ones, empty when nobody asked. diagnosed_with: who took part in the diagnosis.
    Raises: NotFound, NotAllowed, Conflict, Invalid, GateRefused. Locks: ticket and visit.
    """
    values = {
        "outcome": acting.checked_choice("outcome", outcome, Outcome.values, required=True),
        "report": acting.checked_text("report", report),
        "backups": acting.checked_choice("backups", backups, Backups.values),
        "diagnosed_with": acting.checked_text("diagnosed_with", diagnosed_with, limit=200),
    }
    told = {"outcome": values["outcome"]}
    return _step(actor, visit_id, "leave", "visit.left", at, values=values, facts=dict(told))


def cancel_visit(*, actor: Actor, visit_id: int, reason: str) -> Visit:
    """Call the visit off before arrival. Raises: NotFound, NotAllowed, Conflict, Invalid. Locks: ticket and visit."""
    reason = acting.checked_text("reason", reason, required=True)
    return _step(actor, visit_id, "cancel", "visit.cancelled", None, values={"report": reason})


def out_of_turn(visit: Visit, step: str) -> str:
    """Why a step cannot be taken now; empty when it can."""
    if rules.may(step, visit.state):
        return ""
    if step == "begin" and visit.state in rules.UNDER_WAY:
        return _("Work begins on site: arrive first.")
    return _("This visit is %(state)s; this step can no longer or not yet be taken.") % {
        "state": VisitState(visit.state).label
    }


@transaction.atomic
def _step(
    actor: Actor,
    visit_id: int,
    step: str,
    verb: str,
    at: datetime | None,
    *,
    values: dict[str, str] | None = None,
    facts: dict[str, FactValue] | None = None,
) -> Visit:
    """One step of a visit: the ticket is locked first, as everywhere, then the visit.

    The same step with the same words is recorded once; with other words it is refused, so that they are not lost.
    """
    visit, ticket = _held(actor, visit_id)
    to = rules.STEPS[step][1]
    if visit.state == to and all(getattr(visit, name) == value for name, value in (values or {}).items()):
        return visit
    if refusal := out_of_turn(visit, step):
        raise Conflict(refusal, code="wrong_state")
    when = acting.moment(at, ticket)
    if when < _latest(visit):
        raise Invalid(fields={"at": [_("This time lies before the step before.")]})
    if step == "leave":
        _ask(actor, visit, ticket, "visit.leave", {**(values or {})})
    changed = {"state": str(to), f"{to.value}_at": when, **(values or {})}
    if to in (VisitState.DEPARTED, VisitState.ARRIVED) and visit.received_at is None:
        changed["received_at"] = when  # who sets out has received the dispatch
        visit.received_at = when
        visit.state = VisitState.RECEIVED
        _record(actor, visit, ticket, "visit.received", at=when)
    for name, value in changed.items():
        setattr(visit, name, value)
    visit.version += 1
    visit.save(update_fields=[*changed, "version"])
    _record(actor, visit, ticket, verb, at=when, facts=facts)
    return visit


def _held(actor: Actor, visit_id: int) -> tuple[Visit, Ticket]:
    found = Visit.objects.visible_to(actor).filter(pk=visit_id).values_list("ticket_id", flat=True).first()
    ticket: Ticket = locks.lock_row(Ticket.objects.all(), pk=found)
    visit: Visit = locks.lock_row(Visit.objects.visible_to(actor), pk=visit_id)
    access.require_step(actor, visit, ticket)
    return visit, ticket


def _ask(actor: Actor, visit: Visit, ticket: Ticket, act: str, more: Mapping[str, str]) -> None:
    request = request_for(actor, visit, ticket, act, more)
    gates.require(
        act,
        actor=actor,
        subject=request.subject,
        customer_id=request.customer_id,
        contract_id=request.contract_id,
        facts=request.facts,
    )


def request_for(
    actor: Actor, visit: Visit, ticket: Ticket, act: str, more: Mapping[str, str]
) -> gates.Request:
    """An act on site as gates see it: sign-offs about the visit and about its ticket count alike."""
    facts = {**acting.facts_of(ticket), **more, "case": f"ticket:{ticket.pk}"}
    return gates.Request(act, ("visit", visit.pk), visit.customer_id, ticket.contract_id, actor, facts)


def _latest(visit: Visit) -> datetime:
    times: Sequence[datetime | None] = (
        visit.dispatched_at,
        visit.received_at,
        visit.departed_at,
        visit.arrived_at,
        visit.work_begun_at,
    )
    return max(time for time in times if time is not None) - ticket_rules.CLOCK_TOLERANCE


def _record(
    actor: Actor,
    visit: Visit,
    ticket: Ticket,
    verb: str,
    *,
    at: datetime | None,
    facts: dict[str, FactValue] | None = None,
) -> None:
    events.record(
        verb,
        actor=actor,
        subject=("visit", visit.pk),
        case=("ticket", ticket.pk),
        customer_id=visit.customer_id,
        contract_id=ticket.contract_id,
        facts={**acting.facts_of(ticket), "engineer": f"user:{visit.engineer_id}", **(facts or {})},
        occurred_at=at,
    )
