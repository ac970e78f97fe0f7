"""Rows whose gate asks something of an act: passed with it, refused or counted as a miss without it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from shouyue.accounts.queries import actor_of
from shouyue.commitments.calendar_models import ConditionSpan
from shouyue.commitments.models import Obligation
from shouyue.commitments.services import deciding, tending
from shouyue.contracts.tests.factories import make_contract, make_member, reach
from shouyue.kernel import clock
from shouyue.kernel.actor import SYSTEM
from shouyue.kernel.errors import GateRefused
from shouyue.kernel.models import Event
from shouyue.parties.models import Contact
from shouyue.signoff.models import Signoff
from shouyue.signoff.queries import steps_of
from shouyue.signoff.services import give, refuse
from shouyue.tickets.services import assignment, charging, work

from .duty import START, reached
from .story import DAY, HOUR, MINUTE, PLANS, Story

pytestmark = pytest.mark.django_db

HANDLED = {"handling": "更换电源", "result": "恢复正常"}


def arrived(plan, **changes):
    return Story(plan).report(**changes).take(MINUTE).arrive(HOUR)


# Acts on a ticket


def test_b0_05_nothing_assigned_before_its_level_is_set_kept():
    assert Story("gov-build").report().take(MINUTE).states("grade-dependent") == ["kept"]


def test_b0_05_nothing_assigned_before_its_level_is_set_broken():
    story = Story("gov-build").report(urgency="", impact="")
    with pytest.raises(GateRefused, match="紧急程度"):
        story.take(MINUTE)
    assert story.refused(MINUTE).states("grade-dependent") == ["refused"]
    story.ticket.refresh_from_db()
    assert story.ticket.assignee_id is None


def test_b2_02_every_step_up_has_its_reason_kept():
    story = Story("platform-equip").report().take(MINUTE).raise_tier(HOUR, "T2")
    assert story.states("three-tiers") == ["kept"]


def test_b2_02_every_step_up_has_its_reason_broken():
    story = Story("platform-equip").report().take(MINUTE)
    with story.at(HOUR), pytest.raises(GateRefused):
        assignment._ask_gate(story.agent, story.ticket, "ticket.raise_tier", {"reason": " "})
    assert story.refused(HOUR).states("three-tiers") == ["refused"]


def test_b2_29_whose_fault_is_known_before_closing_kept():
    story = Story("platform-equip").report().take(MINUTE)
    story.attribute(HOUR).resolve(HOUR, texts=HANDLED, cause="line_hardware").confirm(2 * HOUR)
    assert story.close(4 * HOUR).states("fault-location") == ["kept"]


def test_b2_29_whose_fault_is_known_before_closing_broken():
    story = Story("platform-equip").report().take(MINUTE)
    story.resolve(HOUR, texts=HANDLED, cause="line_hardware").confirm(2 * HOUR)
    with pytest.raises(GateRefused):
        story.close(4 * HOUR)
    assert story.refused(4 * HOUR).states("fault-location") == ["refused"]


def test_b0_62_the_user_decides_on_replacement_kept():
    story = Story("gov-build").report().take(MINUTE)
    with story.at(HOUR):
        work.decide_replacement(actor=story.agent, ticket_id=story.ticket.pk, accepted=False)
    story.resolve(2 * HOUR, texts=HANDLED, cause="line_hardware")
    assert story.states("replacement-decision") == ["kept"]


def test_b0_62_the_user_decides_on_replacement_broken():
    story = Story("gov-build").report().take(MINUTE)
    with pytest.raises(GateRefused):
        story.resolve(2 * HOUR, texts=HANDLED, cause="line_hardware")
    assert story.refused(2 * HOUR).states("replacement-decision") == ["refused"]


def test_b3_21_the_user_is_not_asked_twice_kept():
    story = Story("desktop").report_in_full().take(MINUTE).dispatch(HOUR)
    assert story.states("asked-once") == ["kept"]


def test_b3_21_the_user_is_not_asked_twice_broken():
    story = Story("desktop").report().take(MINUTE)
    with pytest.raises(GateRefused) as refused:
        story.dispatch(HOUR)
    assert "服务台座席" in str(refused.value)  # who can give it
    assert story.refused(HOUR).states("asked-once") == ["refused"]


def quoted(story, answer):
    """The repair is charged, quoted, and answered by the customer's approver."""
    with story.at(HOUR):
        approver = Contact.objects.create(
            customer_id=story.contract.customer_id,
            name="李主任",
            name_key="lizhuren",
            created_at=clock.now(),
            capacities=["approver"],
            user=make_member(story.contract, "customer.approver"),
        )
        charging.decide_charge(actor=story.agent, ticket_id=story.ticket.pk, item="spare-parts")
        charging.quote_charge(
            actor=story.agent, ticket_id=story.ticket.pk, amount=Decimal("320.00"), text="更换主板"
        )
        (step,) = steps_of(Signoff.objects.get())
        if answer is not None:
            answer(actor=actor_of(approver.user_id), step_id=step.pk, words="同意")
    return story


def test_b3_26_repair_out_of_warranty_approved_kept():
    story = quoted(Story("desktop").report().take(MINUTE), give)
    assert story.resolve(3 * HOUR).states("out-of-warranty") == ["kept"]


@pytest.mark.parametrize("answer", [None, refuse], ids=["open_b3_26_broken", "refused_b3_26_broken"])
def test_repair_out_of_warranty_without_approval(answer):
    story = quoted(Story("desktop").report().take(MINUTE), answer)
    with pytest.raises(GateRefused):
        story.resolve(3 * HOUR)
    assert story.refused(3 * HOUR).states("out-of-warranty") == ["refused"]


# Work on site


def test_b0_41_permissions_on_site_kept():
    story = arrived("gov-build").agree(2 * HOUR, "consent", "server-operation", about="visit")
    story.agree(2 * HOUR, "consent", "network-access")  # about the ticket is as good
    story.begin_work(3 * HOUR, "server-operation", "network-access")
    assert story.states("on-site-permissions") == ["kept"]
    assert story.visit.work_begun_at == story.start + 3 * HOUR


def test_b0_41_permissions_on_site_broken():
    story = arrived("gov-build").agree(2 * HOUR, "consent", "network-access")
    with pytest.raises(GateRefused, match="操作服务器"):
        story.begin_work(3 * HOUR, "server-operation", "network-access")
    assert story.refused(3 * HOUR).states("on-site-permissions") == ["refused"]
    story.visit.refresh_from_db()
    assert story.visit.work_begun_at is None


@pytest.mark.parametrize(
    ("plan", "name", "told"),
    [
        ("gov-build", "visit-complete", {"outcome": "solved"}),
        ("gov-build", "temporary-backups", {"backups": "cleared"}),
        ("sw-warranty", "joint-diagnosis", {"diagnosed_with": "研发李工"}),
    ],
    ids=["b0_42_kept", "b0_63_kept", "b1_39_kept"],
)
def test_the_visit_ends_as_promised(plan, name, told):
    assert arrived(plan).leave(2 * HOUR, **told).states(name) == ["kept"]


@pytest.mark.parametrize(
    ("plan", "name", "told"),
    [
        ("gov-build", "visit-complete", {"outcome": "unsolved"}),
        ("gov-build", "temporary-backups", {}),
        ("sw-warranty", "joint-diagnosis", {}),
        ("sw-warranty", "both-sign", {}),
        ("sw-warranty", "leave-after-confirmation", {}),
    ],
    ids=["b0_42_broken", "b0_63_broken", "b1_39_broken", "b1_24_broken", "b1_22_broken"],
)
def test_the_visit_ends_otherwise_and_that_is_a_miss(plan, name, told):
    """Nobody can be held on site: the plan says that reality overrules this gate, and counts it."""
    story = arrived(plan).leave(2 * HOUR, **told)
    assert story.states(name) == ["missed"]
    event = Event.objects.get(verb="gate.passed", facts__commitment=name)
    assert event.facts["breach"] is True


def test_b1_22_b1_24_the_visit_is_signed_by_both_kept():
    story = arrived("sw-warranty").agree(2 * HOUR, "signature", "visit", about="visit").leave(3 * HOUR)
    assert story.states("both-sign") == ["kept"]
    assert story.states("leave-after-confirmation") == ["kept"]


def test_b1_23_the_report_is_countersigned_kept():
    story = arrived("sw-warranty").leave(2 * HOUR).agree(DAY, "signature", "visit", about="visit")
    assert story.state("report-countersigned") == "kept"


def test_b1_23_a_signature_before_leaving_counts():
    story = arrived("sw-warranty").agree(HOUR, "signature", "visit", about="visit").leave(2 * HOUR)
    assert story.state("report-countersigned") == "kept"
    assert story.wait(9 * DAY).state("report-countersigned") == "kept"


def test_b1_23_the_report_is_countersigned_broken():
    story = arrived("sw-warranty").leave(2 * HOUR).wait(5 * DAY)
    assert story.state("report-countersigned") == "missed"


# Milestones


ACCEPTANCE = [
    ("gov-build", "documents-handed-over", ("document-handover",)),
    ("sw-warranty", "documentation", ("document-handover", "final-report")),
]


@pytest.mark.parametrize(("plan", "name", "sheets"), ACCEPTANCE, ids=["b0_50_kept", "b1_36_kept"])
def test_accepted_once_the_documents_are_handed_over(plan, name, sheets):
    story = Story(plan)
    for sheet in sheets:
        story.agree(MINUTE, "signature", sheet, about="contract")
    with story.at(HOUR):
        reach(story.contract, "final-acceptance", date(2026, 3, 2))
    assert story.states(name) == ["kept"]


@pytest.mark.parametrize(("plan", "name", "sheets"), ACCEPTANCE, ids=["b0_50_broken", "b1_36_broken"])
def test_not_accepted_before_the_documents_are_handed_over(plan, name, sheets):
    story = Story(plan)
    for sheet in sheets[1:]:
        story.agree(MINUTE, "signature", sheet, about="contract")
    with story.at(HOUR), pytest.raises(GateRefused, match="文档移交"):
        reach(story.contract, "final-acceptance", date(2026, 3, 2))
    assert story.refused(HOUR).states(name) == ["refused"]


# What both sides approve


def approved(story, at, *purposes):
    for purpose in purposes:
        story.agree(at, "approval", purpose, about="contract")
    return story


def tended(story, after):
    with story.at(after):
        tending.tend_all()
    return story.wait(after)


PLANNED = [
    ("b0_61", "gov-build", "plans-written", ("support-plan", "after-sales-plan", "training-plan")),
    ("b1_38", "sw-warranty", "training-plan", ("training-plan",)),
    ("b3_53", "desktop", "catalogue-written", ("service-catalogue", "procedures", "cost-method")),
    ("b4_48", "field-video", "annual-plan", ("annual-plan", "annual-report")),
    ("b4_63", "field-video", "quality-plan", ("quality-plan",)),
]


def fresh(plan, name):
    """The contract begins on the day of the story, so that what is owed at the start lies ahead."""
    story = Story(plan, names=(name,), starts_on=date(2026, 3, 2))
    return tended(story, MINUTE)


@pytest.mark.parametrize(
    ("plan", "name", "purposes"), [row[1:] for row in PLANNED], ids=[f"{row[0]}_kept" for row in PLANNED]
)
def test_the_customer_approves_what_was_written(plan, name, purposes):
    story = fresh(plan, name)
    if len(purposes) > 1:
        assert approved(story, DAY, *purposes[:-1]).states(name)[:1] == ["running"]
    assert approved(story, 2 * DAY, purposes[-1]).states(name)[:1] == ["kept"]


@pytest.mark.parametrize(
    ("plan", "name", "purposes"), [row[1:] for row in PLANNED], ids=[f"{row[0]}_broken" for row in PLANNED]
)
def test_the_customer_never_gets_it_all(plan, name, purposes):
    story = approved(fresh(plan, name), DAY, *purposes[:-1])
    due = (
        Obligation.objects.filter(contract=story.contract, commitment__name=name).order_by("due_at")[0].due_at
    )
    tended(story, due - story.start + MINUTE)
    assert story.states(name)[0] == "missed"


def test_b4_33_reply_to_a_departure_kept():
    story = Story("field-video").agree(DAY, "approval", "departure", about="contract")
    assert story.states("departure-reply") == ["kept"]


def test_b4_33_reply_to_a_departure_broken():
    story = Story("field-video")
    story.asked(DAY, "approval", "departure", about="contract")
    story.wait(5 * DAY)
    assert story.states("departure-reply") == ["missed"]
    assert Event.objects.filter(verb="obligation.silent", facts__meaning="escalate").exists()


# Rights


def charged(plan, facts, *, at=START, item="", warranty_class="", milestones=()):
    with clock.at(at):
        contract = make_contract(
            text=(PLANS / f"{plan}.yaml").read_text(encoding="utf-8"),
            starts_on=date(2025, 1, 1),
            ends_on=date(2027, 12, 31),
        )
        for milestone, day in milestones:
            reached(contract, milestone, day)
        found = deciding.decide(
            actor=SYSTEM,
            decision=deciding.CHARGE,
            contract_id=contract.pk,
            subject=("ticket", 1),
            facts=facts,
            item=item,
            warranty_class=warranty_class,
        )
    return found.outcome["charge"], found.name


ACCEPTED = (("qualified-acceptance", date(2026, 1, 1)), ("final-acceptance", date(2026, 1, 1)))
WARRANTY = [
    ("b0_10", "hardware", "warranty-hardware", 3),
    ("b0_11", "system-software", "warranty-system-software", 1),
    ("b0_12", "other-software", "warranty-other-software", 2),
]
INCIDENT = {"request_type": "incident"}


@pytest.mark.parametrize(
    ("covered", "name", "years"), [row[1:] for row in WARRANTY], ids=[f"{row[0]}_kept" for row in WARRANTY]
)
def test_repairs_are_free_to_the_last_day_of_the_warranty(covered, name, years):
    last = START.replace(year=2026 + years, month=1, day=1) - DAY
    found = charged("gov-build", INCIDENT, at=last, warranty_class=covered, milestones=ACCEPTED)
    assert found == ("free", name)


@pytest.mark.parametrize(
    ("covered", "name", "years"), [row[1:] for row in WARRANTY], ids=[f"{row[0]}_broken" for row in WARRANTY]
)
def test_repairs_are_no_right_after_the_warranty(covered, name, years):
    after = START.replace(year=2026 + years, month=1, day=3)
    found = charged("gov-build", INCIDENT, at=after, warranty_class=covered, milestones=ACCEPTED)
    assert found[1] != name
    assert charged("gov-build", INCIDENT, warranty_class="hardware", milestones=ACCEPTED)[1] == WARRANTY[0][2]


AFTER = START.replace(year=2031)
RIGHTS = [
    ("b0_21", "gov-build", INCIDENT, "travel", "travel-cost"),
    ("b0_23", "gov-build", {"request_type": "change"}, "", "software-maintenance"),
    ("b2_19", "platform-equip", INCIDENT, "oem-coordination", "oem-coordinated"),
]


@pytest.mark.parametrize(
    ("plan", "facts", "item", "name"), [row[1:] for row in RIGHTS], ids=[f"{row[0]}_kept" for row in RIGHTS]
)
def test_a_right_of_the_term_is_applied(plan, facts, item, name):
    assert charged(plan, facts, item=item) == ("free", name)


@pytest.mark.parametrize(
    ("plan", "facts", "item", "name"), [row[1:] for row in RIGHTS], ids=[f"{row[0]}_broken" for row in RIGHTS]
)
def test_a_right_of_the_term_ends_with_it(plan, facts, item, name):
    assert charged(plan, facts, item=item, at=AFTER)[0] == "quoted"


def test_b1_21_hotline_free_for_ever_but_nothing_else_broken():
    assert charged("sw-warranty", INCIDENT, at=AFTER)[1] != "hotline-free"


def test_b2_09_preferential_prices_begin_after_the_warranty_broken():
    assert charged("platform-equip", INCIDENT, item="spares")[1] != "preferential-prices"


# Raw data


def raw_data(*roles):
    with clock.at(START):
        contract = make_contract(text=(PLANS / "field-video.yaml").read_text(encoding="utf-8"))
        for role in roles:
            make_member(contract, role)
    with clock.at(START + 2 * DAY):
        tending.tend_all()
    return ConditionSpan.objects.get(contract=contract, commitment__name="raw-data-open").condition


def test_b4_23_raw_data_open_kept():
    assert raw_data("supervision_firm") == "held"


def test_b4_23_raw_data_open_broken():
    assert raw_data("project_manager", "customer.end_user") == "broken"
