"""Phone calls about promises that are over."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shouyue.commitments.services.calling import stop_moot_calls
from shouyue.commitments.services.sweep import sweep_all
from shouyue.kernel import clock
from shouyue.notifications.models import Notice

from .factories import beijing, contract_under, happens, make_member, new_case

START = beijing("2026-03-02 09:00")
RING = """
respond:
  kind: deadline
  from: ticket.reported
  kept_by: ticket.responded
  within: 10 min
  escalate: [{at: due, to: agent, by: phone}]
"""


@pytest.mark.django_db
def test_nobody_is_called_about_what_was_done_meanwhile():
    contract, done, open_ = contract_under(RING), new_case(), new_case()
    make_member(contract, "agent")
    with clock.at(START):
        for case in (done, open_):
            happens(contract, case, "ticket.reported", severity="major")
    with clock.at(START + timedelta(minutes=11)):
        sweep_all()
        assert stop_moot_calls() == 0
        happens(contract, done, "ticket.responded")
        assert stop_moot_calls() == 1
        assert stop_moot_calls() == 0
    told = dict(Notice.objects.filter(channel="phone").values_list("case_id", "state"))
    assert told == {done: "stopped", open_: "queued"}
