"""A contract with some life behind it, the people who have a say there, and their browsers."""

from __future__ import annotations

from datetime import timedelta

from django.test import Client

from shouyue.accounts.models import User
from shouyue.accounts.queries import actor_from
from shouyue.accounts.tests.factories import PASSWORD, sign_in
from shouyue.commitments.models import Obligation
from shouyue.commitments.services import waiving
from shouyue.commitments.services.sweep import sweep_all
from shouyue.contracts.tests.factories import make_plan_version, make_user
from shouyue.kernel import clock
from shouyue.kernel.actor import Actor

from .factories import beijing, contract_under, happens, make_member, new_case, promised

START = beijing("2026-03-02 09:00")
MINUTE = timedelta(minutes=1)
RESPOND = """
respond:
  kind: deadline
  from: ticket.reported
  kept_by: ticket.responded
  within: 10 min
"""


def lived(contract, count=3):
    """One promise kept, one late, the others missed and still open; all repairs run until five in the afternoon."""
    found = [new_case() for _ in range(count)]
    with clock.at(START):
        for case in found:
            happens(contract, case, "ticket.reported", severity="minor")
    with clock.at(START + 5 * MINUTE):
        happens(contract, found[0], "ticket.responded")
    with clock.at(START + 15 * MINUTE):
        sweep_all()
        happens(contract, found[1], "ticket.responded")
    return found


class Scene:
    """A contract with a kept, a late and a missed obligation, and the people who have a say."""

    def __init__(self) -> None:
        self.contract = contract_under(plan_version_id=make_plan_version(promised()).pk)
        self.cases = lived(self.contract)
        self.supervisor = self.person("service_supervisor")
        self.manager = self.person("project_manager")
        self.leader = self.person("customer.leader")

    def person(self, role):
        return actor_from(make_member(self.contract, role))

    def row(self, state):
        return Obligation.objects.get(contract=self.contract, commitment__name="respond", state=state)

    def proposed(self, state="missed", actor=None, **changes):
        row = self.row(state)
        values = {"reason": "customer_caused", "text": "机房断电", "evidence": [row.opened_event_id]}
        values["obligation_id"] = row.pk
        return waiving.propose_waiver(actor=actor or self.supervisor, **values | changes)


def client_of(user: User) -> Client:
    """A browser in which somebody has signed in."""
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    return sign_in(user)


def client_of_actor(actor: Actor) -> Client:
    """The same of the person who acts."""
    return client_of(User.objects.get(pk=actor.user_id))


def manager() -> Client:
    """The browser of somebody of the provider who sees every contract."""
    return client_of(make_user(roles=["service_manager"]))
