"""Rows that the calendar, people's word and the contract's rights keep: each kept once and broken once."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from shouyue.accounts.queries import actor_of
from shouyue.commitments.calendar_models import ConditionSpan
from shouyue.commitments.models import Commitment, Obligation
from shouyue.commitments.services import attesting, deciding
from shouyue.contracts.queries import compiled
from shouyue.contracts.tests.factories import make_contract, make_member
from shouyue.kernel import clock
from shouyue.kernel.actor import SYSTEM
from shouyue.kernel.errors import Conflict, Invalid, NotAllowed
from shouyue.parties.models import Contact
from shouyue.signoff.models import Signoff
from shouyue.signoff.services import give
from shouyue.tickets.services import charging

from .duty import START, pass_to, reached
from .story import DAY, HOUR, MINUTE, PLANS, PNG, Story, beijing

pytestmark = pytest.mark.django_db


def vouched(plan, name, role, *, before=None):
    """A contract in which somebody in the role vouches for a promise after ten days."""
    with clock.at(START - DAY):
        contract = make_contract(
            text=(PLANS / f"{plan}.yaml").read_text(encoding="utf-8"),
            starts_on=date(2026, 1, 1),
            ends_on=date(2030, 12, 31),
        )
        if before:
            before(contract)
        person = make_member(contract, role)
    pass_to(START)
    with clock.at(START + 10 * DAY):
        attesting.attest(
            actor=actor_of(person.pk),
            commitment_id=Commitment.objects.get(contract=contract, name=name).pk,
            note="已逐项核对",
            uploads=[SimpleUploadedFile("evidence.png", PNG, "image/png")],
        )
    return contract


def kept_then_broken(plan, name, role, lasts, before=None):
    contract = vouched(plan, name, role, before=before)
    rows = Obligation.objects.filter(contract=contract, commitment__name=name).order_by("occurrence")
    assert [row.state for row in rows] == ["kept", "running"]
    pass_to(START + lasts + 12 * DAY)
    assert [row.state for row in rows.all()] == ["kept", "missed"]


def in_post_warranty(contract):
    for milestone in compiled(contract.pk).plan.milestones:
        reached(contract, milestone.name, date(2020, 1, 1))


def test_b0_64_exit_slips_kept_and_broken():
    kept_then_broken("gov-build", "exit-slip", "service_supervisor", timedelta(days=31))


def test_b0_65_own_discoveries_kept_and_broken():
    kept_then_broken("gov-build", "own-discoveries", "field_engineer", timedelta(days=31))


def test_b3_43_esd_handling_kept_and_broken():
    kept_then_broken("desktop", "esd-handling", "service_supervisor", timedelta(days=31))


def test_b4_44_uniform_kept_and_broken():
    kept_then_broken("field-video", "uniform", "regional_supervisor", timedelta(days=31))


def test_b0_29_lowest_price_kept_and_broken():
    kept_then_broken(
        "gov-build", "lowest-price", "project_manager", timedelta(days=366), before=in_post_warranty
    )


def desktop(ends_on):
    with clock.at(START):
        contract = make_contract(
            text=(PLANS / "desktop.yaml").read_text(encoding="utf-8"),
            starts_on=date(2026, 1, 1),
            ends_on=ends_on,
        )
    pass_to(START)
    pass_to(START + DAY)
    return contract


def test_b3_50_term_of_one_year_kept():
    contract = desktop(date(2026, 12, 31))
    span = ConditionSpan.objects.get(contract=contract, commitment__name="term")
    assert (span.condition, span.until) == ("held", None)


def test_b3_50_term_of_one_year_broken():
    contract = desktop(date(2026, 11, 30))
    assert ConditionSpan.objects.get(contract=contract, commitment__name="term").condition == "broken"
    assert [row.state for row in Obligation.objects.filter(contract=contract, commitment__name="term")] == [
        "missed"
    ]


# Rights


def charged(plan, item, *, milestones=(), at=START, warranty_class="", **changes):
    """What the contract says about a ticket of a catalogue item."""
    with clock.at(at):
        contract = make_contract(
            text=(PLANS / f"{plan}.yaml").read_text(encoding="utf-8"),
            starts_on=date(2025, 1, 1),
            ends_on=date(2027, 12, 31),
            **changes,
        )
        for milestone, day in milestones:
            reached(contract, milestone, day)
        found = deciding.decide(
            actor=SYSTEM,
            decision=deciding.CHARGE,
            contract_id=contract.pk,
            subject=("ticket", 1),
            facts={"request_type": "incident", "catalogue": item},
            item=item,
            warranty_class=warranty_class,
        )
    return found.outcome["charge"], found.name


AFTER = beijing("2031-03-02 09:00")
"""Long after every contract of these tests."""


def test_b0_20_hardware_emergency_free_kept():
    assert charged("gov-build", "hardware-emergency", at=AFTER) == ("free", "hardware-emergency-free")


def test_b0_20_broken_nothing_else_is_free_for_ever():
    assert charged("gov-build", "maintenance", at=AFTER)[1] != "hardware-emergency-free"


def test_b0_22_free_scope_kept():
    assert charged("gov-build", "maintenance") == ("free", "free-scope")


def test_b0_22_broken_free_scope_ends_with_its_stages():
    assert charged("gov-build", "maintenance", at=AFTER) != ("free", "free-scope")


def test_b3_25_chip_level_labour_kept():
    assert charged("desktop", "depot-labour") == ("free", "chip-level-labour")


def test_b3_25_broken_other_work_is_not_covered_by_it():
    assert charged("desktop", "depot-labour", at=AFTER)[0] == "quoted"


def test_b4_15_free_upgrades_kept():
    assert charged("field-video", "software-upgrade") == ("free", "free-upgrades")


def test_b4_15_broken_free_upgrades_end_with_the_term():
    assert charged("field-video", "software-upgrade", at=AFTER)[0] == "quoted"


def test_b1_17_minor_upgrades_free_kept():
    assert charged("sw-warranty", "minor-upgrade") == ("free", "free-upgrades")


def test_b1_17_broken_minor_upgrades_end_with_the_term():
    assert charged("sw-warranty", "minor-upgrade", at=AFTER)[1] != "free-upgrades"


def test_b1_19_own_defects_free_kept():
    assert charged("sw-warranty", "fault-repair") == ("free", "defects-free")


def test_b1_19_broken_own_defects_free_ends_with_the_warranty():
    assert charged("sw-warranty", "fault-repair", at=AFTER)[1] != "defects-free"


def test_b1_21_hotline_free_kept():
    with clock.at(AFTER):
        contract = make_contract(
            text=(PLANS / "sw-warranty.yaml").read_text(encoding="utf-8"),
            starts_on=date(2025, 1, 1),
            ends_on=date(2027, 12, 31),
        )
        found = deciding.decide(
            actor=SYSTEM,
            decision=deciding.CHARGE,
            contract_id=contract.pk,
            subject=("ticket", 1),
            facts={"request_type": "consultation"},
        )
    assert (found.outcome["charge"], found.name) == ("free", "hotline-free")


def platform(item, stage):
    """A decision while the contract is in a stage, whatever dates lead to it."""
    with clock.at(START):
        contract = make_contract(
            text=(PLANS / "platform-equip.yaml")
            .read_text(encoding="utf-8")
            .replace("lasts: unset", "lasts: 3 years"),
            starts_on=date(2025, 1, 1),
            ends_on=date(2027, 12, 31),
        )
        names = [entry.name for entry in compiled(contract.pk).plan.milestones]
        wanted = names[: {"implementation": 0, "trial-run": 1, "warranty": 2, "post-warranty": 2}[stage]]
        for number, name in enumerate(wanted):
            reached(contract, name, date(2025, 3, 1) + number * 60 * DAY)
    at = START if stage != "post-warranty" else AFTER
    with clock.at(at):
        assert compiled(contract.pk).stage_on(clock.today("Asia/Shanghai")) == stage
        found = deciding.decide(
            actor=SYSTEM,
            decision=deciding.CHARGE,
            contract_id=contract.pk,
            subject=("ticket", 1),
            facts={"request_type": "incident", "catalogue": item},
            item=item,
        )
    return found.outcome, found.name


@pytest.mark.parametrize(
    ("row", "item", "stage", "name", "charge"),
    [
        ("b2_09", "spares", "post-warranty", "preferential-prices", "quoted"),
        ("b2_14", "fault-handling", "trial-run", "trial-run-free", "free"),
        ("b2_16", "upgrade", "warranty", "upgrades-free", "free"),
        ("b2_34", "fault-handling", "warranty", "normal-damage", "free"),
    ],
)
def test_b2_09_b2_14_b2_16_b2_34_rights_by_stage_kept(row, item, stage, name, charge):
    outcome, right = platform(item, stage)
    assert (right, outcome["charge"]) == (name, charge), row
    assert (outcome.get("price") == "preferential") is (row == "b2_09")


def test_b2_14_b2_16_b2_34_broken_rights_end_with_their_stage():
    assert platform("upgrade", "post-warranty")[0]["charge"] == "quoted"
    assert platform("fault-handling", "post-warranty")[0]["charge"] == "quoted"
    assert platform("upgrade", "warranty")[1] != "preferential-prices"


# From decision to statement


def test_a_ticket_free_of_charge_is_never_quoted():
    story = Story("desktop").report().take(MINUTE)
    with story.at(HOUR):
        charge = charging.decide_charge(actor=story.agent, ticket_id=story.ticket.pk, item="depot-labour")
        assert charge.is_free
        assert charging.shown(story.agent, story.ticket).step == "free"
        with pytest.raises(Conflict):
            charging.quote_charge(
                actor=story.agent, ticket_id=story.ticket.pk, amount=Decimal(5), text="人工"
            )


def quoted_story():
    """A ticket whose item the contract charges, quoted to the customer's approver."""
    story = Story("desktop").report().take(MINUTE)
    items = [one.name for one in compiled(story.contract.pk).plan.catalogue if one.charge == "quoted"]
    with story.at(HOUR):
        approver = Contact.objects.create(
            customer_id=story.contract.customer_id,
            name="李主任",
            name_key="lizhuren",
            created_at=clock.now(),
            capacities=["approver"],
            user=make_member(story.contract, "customer.approver"),
        )
        charging.decide_charge(actor=story.agent, ticket_id=story.ticket.pk, item=items[0])
        assert charging.shown(story.agent, story.ticket).step == "quote"
        charging.quote_charge(
            actor=story.agent, ticket_id=story.ticket.pk, amount=Decimal("320.00"), text="更换主板"
        )
        assert charging.shown(story.agent, story.ticket).step == "approval"
    return story, approver


def test_a_quote_approved_is_worked_and_stated():
    story, approver = quoted_story()
    with story.at(2 * HOUR):
        with pytest.raises(Conflict):
            charging.state_charge(
                actor=story.agent, ticket_id=story.ticket.pk, amount=Decimal(300), text="工料"
            )
        signoff = Signoff.objects.get()
        give(actor=actor_of(approver.user_id), step_id=signoff.steps.get().pk)
        assert charging.shown(story.agent, story.ticket).step == "work"
        with pytest.raises(Invalid):
            charging.state_charge(
                actor=story.agent, ticket_id=story.ticket.pk, amount=Decimal(400), text="工料"
            )
        charging.state_charge(actor=story.agent, ticket_id=story.ticket.pk, amount=Decimal(300), text="工料")
        assert charging.shown(story.agent, story.ticket).step == "done"


def test_a_customer_decides_no_charge():
    story, approver = quoted_story()
    with story.at(2 * HOUR), pytest.raises(NotAllowed):
        charging.decide_charge(actor=actor_of(approver.user_id), ticket_id=story.ticket.pk)
