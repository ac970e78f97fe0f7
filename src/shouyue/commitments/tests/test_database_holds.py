"""What the database itself holds about obligations: whose they are, and what comes into or leaves a frozen period."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F

from shouyue.commitments.closing_models import Adjustment
from shouyue.commitments.models import Commitment, Obligation
from shouyue.commitments.services import closing
from shouyue.contracts.models import Contract
from shouyue.kernel import clock
from shouyue.kernel.actor import SYSTEM
from shouyue.kernel.models import Event

from .factories import beijing, contract_under, happens
from .scenes import START, Scene

APRIL = beijing("2026-04-08 09:00")
FAR = 7_000_000
"""Subjects of rows written by hand."""


@pytest.fixture
def frozen(db):
    with clock.at(START + timedelta(minutes=20)):
        scene = Scene()
    Contract.objects.filter(pk=scene.contract.pk).update(starts_on="2026-03-01")
    with clock.at(APRIL):
        yield closing.close_period(actor=SYSTEM, contract_id=scene.contract.pk, period="2026-03")


def copies(frozen, *wanted):
    """Rows like the missed one, brought by one statement: of these states, so many days later."""
    pattern = Obligation.objects.get(contract_id=frozen.contract_id, state="missed")
    fields = {field.attname: getattr(pattern, field.attname) for field in Obligation._meta.concrete_fields}
    del fields["id"]
    return Obligation.objects.bulk_create(
        Obligation(
            **fields | {"subject_id": FAR + n, "state": state, "falls_at": pattern.falls_at + timedelta(days)}
        )
        for n, (state, days) in enumerate(wanted)
    )


def adjusted(rows):
    found = Adjustment.objects.filter(obligation__in=rows).order_by("obligation_id")
    return [(row.obligation_id, row.before, row.after) for row in found]


def test_what_comes_into_a_frozen_period_leaves_a_row_each(frozen):
    rows = copies(frozen, ("missed", 0), ("void", 0), ("running", 1), ("waiting", 0), ("kept", 40))
    assert adjusted(rows) == [(rows[0].pk, "", "missed"), (rows[2].pk, "", "running")]
    row = Adjustment.objects.get(obligation=rows[0])
    event = Event.objects.get(pk=rows[0].opened_event_id)
    assert (row.closing_id, row.event_id, row.customer_id) == (frozen.pk, event.pk, frozen.customer_id)
    assert (row.who, row.at) == (event.actor, event.recorded_at)


def test_what_moves_out_of_a_frozen_period_or_into_it_leaves_a_row(frozen):
    leaves, comes, stays, passes = rows = copies(
        frozen, ("missed", 0), ("missed", 40), ("missed", 1), ("missed", -40)
    )
    brought = adjusted(rows)
    of = Obligation.objects.filter
    of(pk=leaves.pk).update(falls_at=F("falls_at") + timedelta(40))
    of(pk=comes.pk).update(falls_at=F("falls_at") - timedelta(40), state="late")
    of(pk=stays.pk).update(falls_at=F("falls_at") + timedelta(1))
    of(pk=passes.pk).update(falls_at=F("falls_at") + timedelta(80))
    assert sorted(set(adjusted(rows)) - set(brought)) == [(leaves.pk, "missed", ""), (comes.pk, "", "late")]


def test_an_obligation_is_of_its_promises_contract_and_customer(db):
    mine, other = (contract_under() for _ in range(2))
    happens(mine, 1, "ticket.reported")
    theirs = Commitment.objects.filter(contract=other).first()
    row = Obligation.objects.filter(contract=mine).first()
    for changed in ({"commitment": theirs}, {"contract": other}, {"customer": other.customer_id}):
        with pytest.raises(IntegrityError, match="promise_fk"), transaction.atomic():
            Obligation.objects.filter(pk=row.pk).update(**changed)
            connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")
