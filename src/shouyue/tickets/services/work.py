"""Work on a ticket between its report and its solution: answers, notes, waiting, proposals, handling data."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from shouyue.files import services as files
from shouyue.files.models import StoredFile
from shouyue.kernel import clock, rows
from shouyue.kernel.actor import SYSTEM, Actor
from shouyue.kernel.errors import Conflict, Invalid, NotAllowed
from shouyue.tickets import access, rules
from shouyue.tickets.choices import Cause, ProgramErrorClass, Replacement, Status, WaitReason
from shouyue.tickets.models import Ticket, TicketNote

from . import acting

HANDLING = ("phenomenon", "judgement", "handling", "result", "loss", "parameters_changed", "operations")


@transaction.atomic
def respond_to_ticket(*, actor: Actor, ticket_id: int, text: str = "", at: datetime | None = None) -> Ticket:
    """The first qualified answer to the requester; text: what was said, visible to the customer.

    at: when, if it is written down later. A second answer adds its text as a note. Raises: NotFound, NotAllowed,
    Conflict, Invalid. Locks: the ticket row.
    """
    ticket = acting.begin(actor, ticket_id, "respond")
    text = acting.checked_text("text", text)
    when = acting.moment(at, ticket)
    if ticket.responded_at is None:
        ticket.responded_at = when
        acting.finish(actor, ticket, "ticket.responded", ["responded_at"], at=when)
    if text:
        key = _digest(text)
        if not TicketNote.objects.filter(ticket=ticket, source_key=key).exists():
            add_note(actor, ticket, text, public=True, source_key=key)
    return ticket


@transaction.atomic
def comment_on_ticket(
    *, actor: Actor, ticket_id: int, text: str, public: bool = False, source_key: str | None = None
) -> TicketNote:
    """Add a note. Customers always write publicly, and what waited for them goes on; source_key: kept once.

    Raises: NotFound, NotAllowed, Invalid. Locks: the ticket row.
    """
    ticket = acting.begin(actor, ticket_id, "comment")
    text = acting.checked_text("text", text, required=True)
    if source_key:
        known: TicketNote | None = TicketNote.objects.filter(
            ticket=ticket, source_key=source_key[:80]
        ).first()
        if known is not None:
            return known
    public = public or not actor.is_staff
    note = add_note(actor, ticket, text, public=public, source_key=source_key)
    acting.finish(
        actor, ticket, "ticket.commented", [], facts={"public": public, "by_customer": not actor.is_staff}
    )
    if not actor.is_staff and ticket.status == Status.WAITING and ticket.wait_reason == WaitReason.CUSTOMER:
        end_wait(SYSTEM, ticket)
    return note


@transaction.atomic
def promise_answer(*, actor: Actor, ticket_id: int, promised_at: datetime, text: str = "") -> Ticket:
    """Tell the requester by when the answer comes. Raises: NotFound, NotAllowed, Conflict, Invalid when past."""
    ticket = acting.begin(actor, ticket_id, "promise_answer")
    if promised_at.tzinfo is None or promised_at <= clock.now():
        raise Invalid(fields={"promised_at": [_("The promised time must lie in the future.")]})
    if promised_at - clock.now() > acting.FARTHEST:
        raise Invalid(fields={"promised_at": [_("This time is too far away.")]})
    if ticket.promised_answer_at == promised_at and ticket.answer_given_at is None:
        return ticket
    ticket.promised_answer_at = promised_at
    ticket.answer_promised_at = clock.now()
    ticket.answer_given_at = None
    acting.finish(
        actor,
        ticket,
        "ticket.answer_promised",
        ["promised_answer_at", "answer_promised_at", "answer_given_at"],
        facts={"promised_at": promised_at},
    )
    if text:
        add_note(actor, ticket, acting.checked_text("text", text), public=True)
    return ticket


@transaction.atomic
def give_answer(*, actor: Actor, ticket_id: int, text: str, at: datetime | None = None) -> Ticket:
    """Give the answer that was promised, visible to the customer. Raises: NotFound, NotAllowed, Conflict, Invalid."""
    ticket = acting.begin(actor, ticket_id, "give_answer")
    text = acting.checked_text("text", text, required=True)
    when = acting.moment(at, ticket)
    ticket.answer_given_at = when
    acting.finish(actor, ticket, "ticket.answer_given", ["answer_given_at"], at=when)
    add_note(actor, ticket, text, public=True)
    return ticket


@transaction.atomic
def start_waiting(*, actor: Actor, ticket_id: int, reason: str, note: str = "") -> Ticket:
    """Work stands still for the customer, a vendor or a part; the contract says whether a clock stops.

    Raises: NotFound, NotAllowed, Conflict, Invalid. Locks: the ticket row.
    """
    ticket = acting.lock(actor, ticket_id)
    access.require(actor, "wait", ticket)
    reason = acting.checked_choice("reason", reason, WaitReason.values, required=True)
    note = acting.checked_text("note", note)
    if ticket.status == Status.WAITING and ticket.wait_reason == reason:
        return ticket
    if ticket.status == Status.WAITING:
        end_wait(actor, ticket)
    acting.require_state(ticket, "wait")
    ticket.resumes_to = ticket.status
    ticket.status = Status.WAITING
    ticket.wait_reason, ticket.wait_note = reason, note
    ticket.waiting_since = clock.now()
    return acting.finish(
        actor,
        ticket,
        "ticket.waiting_started",
        ["resumes_to", "status", "wait_reason", "wait_note", "waiting_since"],
        facts={"reason": reason},
    )


@transaction.atomic
def end_waiting(*, actor: Actor, ticket_id: int) -> Ticket:
    """Work goes on where it stopped. Raises: NotFound, NotAllowed, Conflict. Locks: the ticket row."""
    ticket = acting.lock(actor, ticket_id)
    access.require(actor, "resume", ticket)
    if ticket.status != Status.WAITING and ticket.resumes_to == "" and ticket.wait_reason == "":
        acting.require_state(ticket, "resume")
    if ticket.status == Status.WAITING:
        end_wait(actor, ticket)
    return ticket


def end_wait(actor: Actor, ticket: Ticket) -> None:
    """Take a locked, waiting ticket back to the state before, with its event."""
    reason = ticket.wait_reason
    ticket.status = ticket.resumes_to or Status.TRIAGED
    ticket.resumes_to = ""
    ticket.waiting_since = None
    acting.finish(
        actor,
        ticket,
        "ticket.waiting_ended",
        ["status", "resumes_to", "waiting_since"],
        facts={"reason": reason},
    )


@transaction.atomic
def propose_solution(*, actor: Actor, ticket_id: int, text: str, at: datetime | None = None) -> Ticket:
    """Say how it shall be solved, visible to the customer. Raises: NotFound, NotAllowed, Conflict, Invalid."""
    ticket = acting.begin(actor, ticket_id, "propose_solution")
    text = acting.checked_text("text", text, required=True)
    if ticket.proposal == text:
        return ticket
    when = acting.moment(at, ticket)
    ticket.proposal = text
    ticket.solution_proposed_at = ticket.solution_proposed_at or when
    return acting.finish(
        actor, ticket, "ticket.solution_proposed", ["proposal", "solution_proposed_at"], at=when
    )


@transaction.atomic
def fix_temporarily(*, actor: Actor, ticket_id: int, text: str, at: datetime | None = None) -> Ticket:
    """The service runs again by a temporary measure; the permanent fix is still to come.

    Raises: NotFound, NotAllowed, Conflict, Invalid. Locks: the ticket row.
    """
    ticket = acting.begin(actor, ticket_id, "fix_temporarily")
    text = acting.checked_text("text", text, required=True)
    if ticket.temporary_fix == text:
        return ticket
    when = acting.moment(at, ticket)
    ticket.temporary_fix = text
    ticket.temporarily_fixed_at = ticket.temporarily_fixed_at or when
    return acting.finish(
        actor, ticket, "ticket.temporarily_fixed", ["temporary_fix", "temporarily_fixed_at"], at=when
    )


@transaction.atomic
def record_handling(
    *,
    actor: Actor,
    ticket_id: int,
    texts: Mapping[str, str],
    cause: str | None = None,
    program_error_class: str | None = None,
) -> Ticket:
    """Write down phenomenon, judgement, handling, result, loss, changed parameters, operations, and the cause.

    texts: any of `HANDLING`; what is not given stays. Raises: NotFound, NotAllowed, Conflict, Invalid. Locks: the
    ticket row.
    """
    ticket = acting.begin(actor, ticket_id, "record_handling")
    changed = write_handling(ticket, texts, cause, program_error_class)
    if not changed:
        return ticket
    return acting.finish(actor, ticket, "ticket.handling_recorded", changed)


def write_handling(
    ticket: Ticket, texts: Mapping[str, str], cause: str | None, program_error_class: str | None
) -> list[str]:
    """Put handling data into a locked ticket; returns the columns that changed. Raises: Invalid."""
    unknown = set(texts) - set(HANDLING)
    if unknown:
        raise Invalid(fields={name: [_("This field cannot be edited.")] for name in sorted(unknown)})
    values = {name: acting.checked_text(name, text) for name, text in texts.items()}
    if cause is not None:
        values["cause"] = acting.checked_choice("cause", cause, Cause.values)
    if program_error_class is not None:
        values["program_error_class"] = acting.checked_choice(
            "program_error_class", program_error_class, ProgramErrorClass.values
        )
    changed = [name for name, value in values.items() if getattr(ticket, name) != value]
    for name in changed:
        setattr(ticket, name, values[name])
    if ticket.judgement and ticket.diagnosed_at is None:
        ticket.diagnosed_at = clock.now()
        changed.append("diagnosed_at")
    return changed


@transaction.atomic
def decide_replacement(*, actor: Actor, ticket_id: int, accepted: bool) -> Ticket:
    """Record the user's decision about replacing hardware. Raises: NotFound, NotAllowed, Conflict."""
    ticket = acting.begin(actor, ticket_id, "decide_replacement")
    decision = Replacement.ACCEPTED if accepted else Replacement.DECLINED
    if ticket.replacement == decision:
        return ticket
    ticket.replacement = decision
    return acting.finish(
        actor, ticket, "ticket.replacement_decided", ["replacement"], facts={"decision": decision.value}
    )


def add_note(
    actor: Actor, ticket: Ticket, text: str, *, public: bool, source_key: str | None = None
) -> TicketNote:
    """Put a note on a locked ticket; the verb that goes with it is the caller's. Raises: Invalid, NotAllowed."""
    if not public and not access.sees_internal(actor):
        raise NotAllowed
    note = TicketNote(
        customer_id=ticket.customer_id,
        ticket_id=ticket.pk,
        author_id=actor.user_id,
        author_name=actor.name,
        is_public=public,
        by_customer=not actor.is_staff,
        text=acting.checked_text("text", text),
        written_at=clock.now(),
        source_key=source_key[:80] if source_key else None,
    )
    rows.add(note)
    return note


@transaction.atomic
def attach_file(
    *, actor: Actor, ticket_id: int, upload: UploadedFile[bytes], public: bool = True
) -> StoredFile:
    """Add a file, at most 200 to one ticket.

    Raises: NotFound, NotAllowed, Conflict when full, Invalid for a refused file. Locks: the ticket row.
    """
    ticket = acting.begin(actor, ticket_id, "attach")
    if ticket.attachment_count >= rules.ATTACHMENT_LIMIT:
        raise Conflict(
            _("A ticket holds at most %(limit)d files.") % {"limit": rules.ATTACHMENT_LIMIT},
            code="too_many_files",
        )
    stored = files.store(
        actor=actor,
        customer_id=ticket.customer_id,
        contract_id=ticket.contract_id,
        upload=upload,
        attached_to=("ticket", ticket.pk),
        is_public=public or not actor.is_staff,
    )
    ticket.attachment_count += 1
    acting.store(ticket, ["attachment_count"])
    return stored


@transaction.atomic
def attach_files(
    *, actor: Actor, ticket_id: int, uploads: Sequence[UploadedFile[bytes]], public: bool = True
) -> list[StoredFile]:
    """Add several files, all or none. Raises: as `attach_file`. Locks: the ticket row."""
    return [attach_file(actor=actor, ticket_id=ticket_id, upload=upload, public=public) for upload in uploads]


def _digest(text: str) -> str:
    """The same answer sent twice is kept once."""
    return "answer:" + hashlib.sha256(text.encode()).hexdigest()[:40]
