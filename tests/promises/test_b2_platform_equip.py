"""PLATFORM-EQUIP: each executable row kept once and broken, or refused, once."""

from __future__ import annotations

import pytest

from shouyue.commitments.models import Obligation
from shouyue.commitments.services.gating import record_refusals
from shouyue.kernel.errors import GateRefused
from shouyue.kernel.models import Event
from shouyue.kernel.scope import EVERYTHING, acting_in
from shouyue.notifications.services import deliver_batch

from .story import DAY, HOUR, MINUTE, Story


def equipment(**changes):
    return Story("platform-equip").report(**changes)


def outcomes(story, name):
    rows = Obligation.objects.filter(contract=story.contract, commitment__name=name).order_by("id")
    return [row.state for row in rows]


HANDLED = {"handling": "更换电源", "result": "恢复正常"}


@pytest.mark.django_db
def test_b2_03_every_event_recorded_kept():
    story = equipment().take(MINUTE)
    story.attribute(2 * MINUTE)
    story.resolve(HOUR, texts=HANDLED, cause="line_hardware").confirm(HOUR + MINUTE).close(2 * HOUR)
    assert outcomes(story, "every-event-recorded") == ["kept"]


@pytest.mark.django_db
def test_b2_03_every_event_recorded_broken():
    story = equipment().take(MINUTE).resolve(HOUR).confirm(HOUR + MINUTE)
    with pytest.raises(GateRefused):
        story.close(2 * HOUR)
    with story.at(2 * HOUR):
        assert record_refusals() >= 1
    assert "refused" in outcomes(story, "every-event-recorded")
    assert Event.objects.filter(verb="gate.refused", case_id=story.ticket.pk).exists()


@pytest.mark.django_db
def test_b2_04_level_from_urgency_impact_and_contract_kept():
    story = equipment().take(MINUTE).respond(2 * HOUR).resolve(DAY)
    assert outcomes(story, "level-set") == ["kept"]
    assert (story.state("respond"), story.state("resolve")) == ("kept", "kept")


@pytest.mark.django_db
def test_b2_04_level_from_urgency_impact_and_contract_broken():
    story = equipment(urgency="", impact="")
    with pytest.raises(GateRefused):
        story.take(MINUTE)
    with story.at(MINUTE):
        record_refusals()
    assert outcomes(story, "level-set") == ["refused"]
    assert story.wait(2 * DAY).state("respond") == "missed"


@pytest.mark.django_db(transaction=True)
def test_b2_05_messages_at_near_and_over_limit_kept_and_broken():
    with acting_in(EVERYTHING):
        story = equipment().take(MINUTE)
    story.wait(97 * MINUTE)  # past 80 %
    with story.at(97 * MINUTE):
        while deliver_batch():
            pass
    with acting_in(EVERYTHING):
        assert outcomes(story, "limit-notices") == ["kept"]
    story.wait(2 * HOUR + MINUTE)  # the miss is told to nobody in time
    story.wait(3 * HOUR)
    with acting_in(EVERYTHING):
        assert outcomes(story, "limit-notices") == ["kept", "missed"]
