"""Writes of the portal: what a customer sends in one go, kept once however often it is sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from shouyue.contracts.models import Contract
from shouyue.kernel import events
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Invalid
from shouyue.tickets import services as tickets
from shouyue.tickets.choices import Channel
from shouyue.tickets.models import Ticket, TicketNote

from . import access, rules

Uploads = Sequence["UploadedFile[bytes]"]


@transaction.atomic
def report(
    *,
    actor: Actor,
    text: str,
    request_type: str,
    contract_id: int | None,
    uploads: Uploads = (),
    key: str = "",
    **values: Any,
) -> Ticket:
    """Report something with its pictures; the same key makes one request however often it is sent.

    values: further arguments of `tickets.report_ticket`. Raises: NotFound, NotAllowed, Invalid.
    """
    access.require_may_report(actor)
    ticket = tickets.report_ticket(
        actor=actor,
        channel=Channel.PORTAL,
        request_type=request_type,
        title=rules.title_of(text),
        description=text,
        contract_id=contract_id,
        customer_id=actor.customer_id if contract_id is None else None,
        source_key=_own(actor, key),
        **values,
    )
    if ticket.attachment_count == 0:
        _attach(actor, ticket.pk, uploads)
    return ticket


@transaction.atomic
def add_message(*, actor: Actor, ticket_id: int, text: str, uploads: Uploads = (), key: str = "") -> Ticket:
    """Write to the desk, with pictures or pictures alone; a request that waited for the customer goes on.

    Raises: NotFound, NotAllowed, Invalid when there is neither text nor picture. Locks: the ticket row.
    """
    if not text.strip() and not uploads:
        raise Invalid(fields={"text": [_("Write something or add a picture.")]})
    ticket = tickets.acting.begin(actor, ticket_id, "comment")
    own_key = _own(actor, key)
    if own_key and TicketNote.objects.filter(ticket_id=ticket.pk, source_key=own_key).exists():
        return ticket
    said = text if text.strip() else _("Pictures added.")
    tickets.comment_on_ticket(actor=actor, ticket_id=ticket.pk, text=said, public=True, source_key=own_key)
    _attach(actor, ticket.pk, uploads)
    return ticket


@transaction.atomic
def record_raw_data_read(
    *, actor: Actor, contract: Contract, kind: str, form: str, month: str = "", is_new: bool = True
) -> None:
    """Note who takes raw data of a contract; this access log proves that they are open.

    is_new: False for the later pages of one walk, which are checked but not noted again. Raises: NotAllowed.
    """
    access.require_raw_data(actor, contract.pk)
    if not is_new:
        return
    events.record(
        "raw_data.read",
        actor=actor,
        subject=("contract", contract.pk),
        customer_id=contract.customer_id,
        contract_id=contract.pk,
        facts={"kind": kind, "format": form, "month": month or None},
    )


def _attach(actor: Actor, ticket_id: int, uploads: Uploads) -> None:
    for upload in uploads:
        tickets.attach_file(actor=actor, ticket_id=ticket_id, upload=upload)


def _own(actor: Actor, key: str) -> str | None:
    """The sender's key, apart from everybody else's."""
    return f"portal:{actor.user_id}:{key[:48]}" if key else None
