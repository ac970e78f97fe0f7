"""Telling the people concerned that an agreed plan version has taken effect on its day, or why it could not."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from shouyue.accounts.models import User
from shouyue.contracts import queries
from shouyue.contracts.choices import Role
from shouyue.contracts.models import Contract, PlanProposal
from shouyue.kernel.scope import EVERYTHING, acting_in
from shouyue.notifications.choices import Channel, Level
from shouyue.notifications.queries import chosen_ways, contact_ways, wishes_of
from shouyue.notifications.services import Draft, post

CONCERNED = (Role.PROJECT_MANAGER, Role.SERVICE_MANAGER, Role.IT_CONTACT)
"""Who manages the contract, and the customer's interface person."""


def tell_in_force(contract: Contract, proposal: PlanProposal) -> int:
    """Tell them once; those without account by mail or text message. Returns how many notices are new."""
    said = gettext_lazy("%(contract)s: version %(number)d of the service plan is in force from today")
    return _tell(contract, proposal, "plan-in-force", said, proposal.note)


def tell_refused(contract: Contract, proposal: PlanProposal, why: str) -> int:
    """Tell them that what both sides had approved could not take effect, and why. Returns how many notices are new."""
    said = gettext_lazy("%(contract)s: version %(number)d of the service plan could not take effect")
    return _tell(contract, proposal, "plan-refused", said, why, Level.WARNING)


def _tell(
    contract: Contract, proposal: PlanProposal, key: str, said: Promise, words: str, level: Level = Level.INFO
) -> int:
    def drafted(
        language: str, channel: str, user: User | None = None, contact_id: int | None = None
    ) -> Draft:
        with translation.override(language):
            subject = str(said) % {"contract": contract.code, "number": proposal.plan_version.number}
        return Draft(
            user_id=user.pk if user else None,
            contact_id=contact_id,
            customer_id=user.customer_id if user else contract.customer_id,
            channel=channel,
            subject=subject,
            body="\n".join(part for part in (contract.name, words) if part),
            url=reverse("contracts:proposal", args=[contract.code, proposal.pk]) if user else "",
            level=level,
            key=f"{key}:{proposal.pk}:{user.pk if user else f'c{contact_id}'}:{channel}",
            about=("contract", contract.pk),
            case=("contract", contract.pk),
            about_customer_id=contract.customer_id,
            contract_id=contract.pk,
        )

    with acting_in(EVERYTHING):
        people = {user.pk: user for role in CONCERNED for user in queries.members(contract.pk, role)}
        wishes = wishes_of(people)
        drafts = [
            drafted(user.language, channel, user=user)
            for user in people.values()
            for channel in wishes[user.pk]
            if channel != Channel.PHONE  # nobody is called for this
        ]
        outside = queries.contacts_without_account([contract.pk], CONCERNED)
        contacts = {one.pk: one for same in outside.values() for one in same}
        drafts += [
            drafted(settings.LANGUAGE_CODE, channel, contact_id=number)
            for number, ways in contact_ways(contacts.values()).items()
            for channel in chosen_ways([way for way in ways if way != Channel.PHONE], ())
        ]
        return post(drafts)
