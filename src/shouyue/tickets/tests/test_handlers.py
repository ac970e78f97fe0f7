"""A step of a plan that names a tier raises its ticket, and a silent customer has a consequence."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shouyue.commitments.services.sweep import sweep_all
from shouyue.commitments.tests.factories import promised
from shouyue.contracts.tests.factories import make_contract, make_member
from shouyue.kernel import clock
from shouyue.kernel.models import Event
from shouyue.notifications.models import Notice
from shouyue.tickets import handlers

from .factories import make_ticket

pytestmark = pytest.mark.django_db
TIERS = """
solve:
  kind: deadline
  from: ticket.reported
  kept_by: ticket.resolved
  within: 2 h
  escalate:
    - {at: due, to: project_manager, by: [app, phone], tier: T3, repeat: 30 min, times: 3}
customer-reply:
  kind: deadline
  by: customer
  from: ticket.reported
  kept_by: ticket.confirmed
  within: 1 h
  escalate: none
  silence: SILENCE
"""


def story(silence="consent"):
    contract = make_contract(text=promised(TIERS.replace("SILENCE", silence)))
    make_member(contract, "project_manager")
    return make_ticket(contract)


def test_the_step_raises_the_ticket_once(monkeypatch):
    asked = []
    monkeypatch.setattr(
        type(handlers.raise_by_plan), "enqueue", lambda self, **given: asked.append((self.name, given))
    )
    ticket = story()
    with clock.at(clock.now() + timedelta(hours=2, minutes=1)):
        sweep_all()
        mine = [given for name, given in asked if name == "tickets.raise_by_plan"]
        assert mine == [{"steps": [[ticket.pk, "T3", "due"]]}]
        for _ in range(2):
            handlers.raise_by_plan.run(**mine[0])
    ticket.refresh_from_db()
    assert ticket.tier == "T3"
    assert Event.objects.filter(verb="ticket.tier_raised", subject_id=ticket.pk).count() == 1
    assert Event.objects.get(verb="obligation.escalated").facts["tier"] == "T3"


def test_repeats_go_to_every_named_channel_until_it_is_kept():
    ticket = story()
    start = clock.now()
    for minutes in (121, 151, 152):
        with clock.at(start + timedelta(minutes=minutes)):
            sweep_all()
    told = list(
        Notice.objects.filter(parts=0, step__startswith="due").order_by("id").values_list("step", "channel")
    )
    assert told == [("due", "in_app"), ("due", "phone"), ("due#1", "in_app"), ("due#1", "phone")]
    assert ticket.pk == Notice.objects.filter(step="due").first().case_id


@pytest.mark.parametrize(("silence", "escalated"), [("consent", 0), ("refusal", 0), ("escalate", 1)])
def test_silence_is_told_and_recorded(silence, escalated):
    story(silence)
    with clock.at(clock.now() + timedelta(hours=1, minutes=1)):
        sweep_all()
    assert Event.objects.get(verb="obligation.silent").facts["meaning"] == silence
    assert Event.objects.filter(verb="obligation.escalated").count() == escalated
    notice = Notice.objects.get(step=f"silence: {silence}", channel="in_app")
    assert "customer-reply" in notice.subject
