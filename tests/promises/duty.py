"""Duties that somebody of a contract sees to: the calendar asks, a person's word with its evidence keeps them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from shouyue.accounts.queries import actor_of
from shouyue.commitments.models import Commitment, Obligation
from shouyue.commitments.services import attesting
from shouyue.commitments.tests.seasons import pass_to
from shouyue.contracts.loading import mark_changed
from shouyue.contracts.models import Contract, Milestone
from shouyue.contracts.queries import compiled
from shouyue.contracts.tests.factories import make_contract, make_member
from shouyue.kernel import clock, events
from shouyue.kernel.actor import SYSTEM, Actor

from .story import DAY, HOUR, MINUTE, PNG, beijing, only

FIRST_DAY = date(2026, 3, 2)
START = beijing("2026-03-02 09:00")


def reached(contract: Contract, name: str, day: date) -> None:
    """A milestone both sides recorded before this system knew the contract."""
    Milestone.objects.create(
        customer_id=contract.customer_id,
        contract=contract,
        name=name,
        happened_on=day,
        recorded_at=clock.now(),
    )
    mark_changed(contract.pk)
    events.record(
        "contract.milestone_corrected",
        actor=SYSTEM,
        subject=("contract", contract.pk),
        customer_id=contract.customer_id,
        contract_id=contract.pk,
        facts={"milestone": name, "happened_on": day},
    )


def roles_of(contract: Contract, name: str) -> list[str]:
    """The roles whose word keeps a promise, in the plan's order."""
    promise = compiled(contract.pk).plan.commitment(name)
    return [part.role for part in attesting.attested_parts(promise)]


class Duty:
    """One promise of one plan under a contract of five years, and a person in the role the plan names."""

    def __init__(
        self, plan: str, name: str, *, milestones: tuple[tuple[str, date], ...] = (), with_names: Any = ()
    ) -> None:
        self.name = name
        with clock.at(START - DAY):
            self.contract = make_contract(
                text=only(plan, name, *with_names), starts_on=FIRST_DAY, ends_on=date(2031, 3, 1)
            )
            for milestone, day in milestones:
                reached(self.contract, milestone, day)
            role = roles_of(self.contract, name)[0]
            self.person: Actor = actor_of(make_member(self.contract, role).pk)
        pass_to(START)

    @property
    def rows(self) -> list[Obligation]:
        """Its obligations that are not void, soonest due first."""
        found = Obligation.objects.filter(contract=self.contract, commitment__name=self.name)
        return list(found.exclude(state="void").order_by("due_at", "id"))

    @property
    def states(self) -> list[str]:
        return [row.state for row in self.rows]

    def attest(self, at: datetime, **changes: Any) -> None:
        """The person vouches with a picture."""
        with clock.at(at):
            self.person = actor_of(self.person.user_id or 0)
            attesting.attest(
                actor=self.person,
                commitment_id=Commitment.objects.get(contract=self.contract, name=self.name).pk,
                note="已完成，附件为证",
                **{"uploads": [SimpleUploadedFile("report.png", PNG, "image/png")]} | changes,
            )

    def begin(self) -> Obligation:
        """Wait until its first obligation runs."""
        first = self.rows[0]
        if first.opened_at > START:
            pass_to(first.opened_at + MINUTE)
        return self.rows[0]

    def keep_then_break(self) -> list[str]:
        """Vouch for the first occurrence, forget the second. Returns the states of both."""
        first = self.begin()
        assert first.due_at is not None
        self.attest(max(first.opened_at, first.not_before or first.opened_at, START) + HOUR)
        pass_to(first.due_at + MINUTE)
        second = next(row for row in self.rows if row.pk != first.pk)
        assert second.due_at is not None
        assert second.due_at - first.due_at < timedelta(days=400)
        pass_to(second.due_at + MINUTE)
        states = {row.pk: row.state for row in self.rows}
        return [states[first.pk], states[second.pk]]
