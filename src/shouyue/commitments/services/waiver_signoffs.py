"""Waivers ask through sign-offs: the provider's second person first, among themselves; then the customer.

So whoever is asked is told and reminded, may answer in the application, through a deputy, or on a phone by a link.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.utils import translation
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from shouyue.commitments import access, cases
from shouyue.commitments.closing_models import Objection
from shouyue.kernel import clock
from shouyue.kernel.actor import Actor
from shouyue.kernel.scope import EVERYTHING, acting_in
from shouyue.signoff import services as signing
from shouyue.signoff.choices import Kind, Mode, Side
from shouyue.signoff.models import Signoff

from . import approving

PURPOSE: Final = "waiver"
REPLY_WITHIN: Final = {Side.PROVIDER: timedelta(days=3), Side.CUSTOMER: timedelta(days=7)}
LAPSES_AFTER: Final = timedelta(days=30)
"""A waiver nobody answers lapses; the verdict stands."""


def ask_provider(*, actor: Actor, made: Objection) -> Signoff | None:
    """Ask the provider's second person, whoever holds one of the roles. None when nobody does."""
    return _ask(actor, made, Side.PROVIDER)


def ask_customer(made: Objection) -> Signoff | None:
    """Ask the customer, in the name of who proposed it. None when nobody there may agree."""
    with acting_in(EVERYTHING):
        return _ask(approving.asker(made.proposed_by_id), made, Side.CUSTOMER)


def answer(*, actor: Actor, made: Objection, words: str, is_given: bool) -> bool:
    """Answer the open sign-off of an objection, where it asks the actor. False: none does."""
    return approving.answer(_open(made), actor=actor, words=words, is_given=is_given)


def call_off(*, made: Objection, words: str) -> None:
    """Nobody needs to answer any more."""
    approving.call_off(_open(made), words=words)


def _open(made: Objection) -> Signoff | None:
    return approving.open_signoff(("objection", made.pk), PURPOSE)


def _ask(actor: Actor, made: Objection, side: Side) -> Signoff | None:
    steps = approving.steps_for(
        side,
        access.APPROVES if side == Side.PROVIDER else access.AGREES,
        customer_id=made.customer_id,
        contract_id=made.contract_id,
    )
    if not steps:
        return None
    row, now = made.obligation, clock.now()
    return signing.ask(
        actor=actor,
        kind=Kind.APPROVAL,
        purpose=PURPOSE,
        subject=("objection", made.pk),
        case=(row.case_type, row.case_id),
        customer_id=made.customer_id,
        contract_id=made.contract_id,
        label=_label(made),
        scope=_scope(made),
        steps=steps,
        mode=Mode.FIRST,
        reply_due_at=now + REPLY_WITHIN[side],
        expires_at=now + LAPSES_AFTER,
        source_key=f"objection:{made.pk}:{side}",
    )


def _label(made: Objection) -> str:
    language = translation.get_language() or "zh-hans"
    title = made.obligation.commitment.title(language)
    return _("Waiver: %(title)s") % {"title": title}


def _scope(made: Objection) -> str:
    """What exactly is agreed to: the promise, what it was about, when it was due, the reason."""
    row, language = made.obligation, translation.get_language() or "zh-hans"
    case = cases.labels_of(row.case_type, [row.case_id])[row.case_id]
    zone = ZoneInfo(row.contract.time_zone)  # a job asks: nobody's own zone is in force
    lines = [
        row.commitment.text(language),
        f"{case.number} {case.title}".strip(),
        _("Due: %(at)s") % {"at": date_format(localtime(row.due_at, zone), "Y-m-d H:i")}
        if row.due_at
        else "",
        f"{made.get_reason_display()}: {made.text}",
    ]
    return "\n".join(line for line in lines if line)
