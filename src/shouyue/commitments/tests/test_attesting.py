"""Promises that somebody vouches for, with note and evidence."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory

from shouyue.accounts.queries import actor_of
from shouyue.commitments import calendar_views
from shouyue.commitments.models import Commitment
from shouyue.commitments.queries import vouching
from shouyue.commitments.services import attesting
from shouyue.contracts.tests.factories import make_member
from shouyue.kernel import clock
from shouyue.kernel.actor import SYSTEM
from shouyue.kernel.errors import Conflict, Invalid, NotAllowed

from .factories import beijing, states
from .seasons import (
    DAY,
    MONDAY,
    TARGET,
    UNIFORM,
    WEEKLY,
    answered,
    contract_at,
    pass_to,
    photo,
    rows,
)

pytestmark = pytest.mark.django_db


def attest(contract, user, at, **changes):
    with clock.at(at):
        return attesting.attest(
            actor=actor_of(user.pk),
            commitment_id=Commitment.objects.get(contract=contract).pk,
            **{"note": "全员着装", "uploads": [photo()]} | changes,
        )


def test_attesting_in_time_keeps_and_opens_the_next():
    contract = contract_at(UNIFORM)
    with clock.at(MONDAY):
        supervisor = make_member(contract, "regional_supervisor")
    attest(contract, supervisor, MONDAY + 10 * DAY)
    found = rows(contract, "uniform")
    assert [row.state for row in found] == ["kept", "running"]
    assert found[1].due_at == beijing("2026-04-12 09:00")
    pass_to(beijing("2026-04-12 09:01"))
    assert states(contract, "uniform") == ["kept", "missed"]
    attest(contract, supervisor, beijing("2026-04-20 09:00"))
    assert states(contract, "uniform") == ["kept", "late", "running"]


def test_attesting_needs_role_note_and_evidence():
    contract = contract_at(UNIFORM)
    with clock.at(MONDAY):
        supervisor = make_member(contract, "regional_supervisor")
        manager = make_member(contract, "project_manager")
    with pytest.raises(NotAllowed):
        attest(contract, manager, MONDAY + DAY)
    with pytest.raises(Invalid):
        attest(contract, supervisor, MONDAY + DAY, note=" ")
    with pytest.raises(Invalid):
        attest(contract, supervisor, MONDAY + DAY, uploads=[])
    with pytest.raises(Invalid):
        attest(
            contract, supervisor, MONDAY + DAY, uploads=[SimpleUploadedFile("a.txt", b"text", "text/plain")]
        )
    assert states(contract, "uniform") == ["running"]


def test_what_events_keep_nobody_attests():
    contract = contract_at(WEEKLY)
    with clock.at(MONDAY):
        manager = make_member(contract, "project_manager")
    with pytest.raises(Conflict):
        attest(contract, manager, MONDAY + DAY)


def test_a_recurring_duty_kept_by_attestation():
    contract = contract_at(
        "overhaul:\n  kind: recurring\n  every: month\n  kept_by: {attested_by: project_manager}\n"
    )
    with clock.at(MONDAY):
        manager = make_member(contract, "project_manager")
    attest(contract, manager, MONDAY + DAY, uploads=[])
    assert rows(contract, "overhaul")[0].state == "kept"


def test_my_promises_lead_to_attesting_and_the_evidence_is_shown():
    contract = contract_at(UNIFORM)
    with clock.at(MONDAY + DAY):
        supervisor = make_member(contract, "regional_supervisor")
        (row,) = rows(contract, "uniform")
        actor = actor_of(supervisor.pk)
        assert [one.pk for one in vouching.awaiting_word(actor)] == [row.pk]
        assert vouching.may_attest(actor, row)
        stranger = actor_of(make_member(contract_at(WEEKLY), "regional_supervisor").pk)
        assert not vouching.may_attest(stranger, row)
        assert vouching.awaiting_word(stranger) == []
    attest(contract, supervisor, MONDAY + 2 * DAY)
    request = RequestFactory().get("/")
    request.actor = actor
    shown = calendar_views.figures_panel(request, rows(contract, "uniform")[0])
    assert "全员着装" in shown


def test_a_figure_is_shown_with_its_unit():
    contract = contract_at(TARGET)
    answered(contract, MONDAY, timedelta(minutes=5))
    answered(contract, MONDAY + DAY, timedelta(minutes=30))
    pass_to(MONDAY + 2 * DAY)
    request = RequestFactory().get("/")
    request.actor = SYSTEM
    shown = calendar_views.figures_panel(request, rows(contract, "share")[0])
    assert ("<dd>50%</dd>" in shown, "<dd>60%</dd>" in shown) == (True, True)
