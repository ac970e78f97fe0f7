"""Each covered thing on its own: chosen by the plan's words, joining and leaving within a period, drawn at random."""

from __future__ import annotations

from datetime import date
from functools import partial

import pytest
from django.utils import translation

from shouyue.commitments.calendar_models import Draw
from shouyue.commitments.models import Commitment, Obligation
from shouyue.commitments.queries.calendar import Figure, figures_in
from shouyue.commitments.queries.details import Detail
from shouyue.commitments.rules.figures import elapsed_share, forecast
from shouyue.commitments.rules.standing import Figures
from shouyue.commitments.services import tending
from shouyue.contracts import services as contracts
from shouyue.contracts import vocabulary
from shouyue.contracts.plan_language.check import check_plan
from shouyue.contracts.plan_language.parse import parse_text
from shouyue.contracts.tests.factories import make_contract_site, make_member, make_plan_version
from shouyue.kernel import clock
from shouyue.kernel.actor import SYSTEM

from . import seasons
from .factories import beijing, happens, new_case, plan_text
from .seasons import DAY, pass_to

pytestmark = pytest.mark.django_db

BEGIN = beijing("2026-02-27 09:00")
contract_at = partial(seasons.contract_at, at=BEGIN)


def rows(contract, period=""):
    found = Obligation.objects.filter(contract=contract, period__startswith=period)
    return list(found.order_by("due_at", "id"))


def joins(contract, at, **changes):
    """A site comes under the contract, and the register has looked."""
    with clock.at(beijing(at)):
        site = make_contract_site(contract, **changes)
        tending.tend_all()
    return site


def leaves(contract, site, at):
    with clock.at(beijing(at)):
        contracts.remove_site(actor=SYSTEM, contract_id=contract.pk, site_id=site.site_id)
        tending.tend_all()


# Selectors


def test_sites_are_chosen_by_area_and_mode():
    contract = contract_at(
        "visits:\n  kind: recurring\n  every: month\n"
        "  covers: {item: site, zone: [outer], zone_mode: {not: resident}}\n  kept_by: contract.site_set\n"
    )
    chosen = joins(contract, "2026-02-27 10:00", area="outer", mode="call_out")
    joins(contract, "2026-02-27 10:00", area="outer", mode="resident")
    joins(contract, "2026-02-27 10:00", area="urban", mode="call_out")
    assert {row.subject_id for row in rows(contract)} == {chosen.site_id}


def test_a_site_that_moves_to_another_area_is_asked_there_alone():
    contract = contract_at(
        "visits:\n  kind: recurring\n  every: month\n  covers: {item: site, zone: outer}\n"
        "  kept_by: ticket.responded\n"
    )
    site = joins(contract, "2026-02-27 10:00", area="urban")
    assert rows(contract) == []
    pass_to(beijing("2026-03-09 09:00"))
    with clock.at(beijing("2026-03-10 09:00")):
        contracts.set_site_zone(actor=SYSTEM, contract_id=contract.pk, site_id=site.site_id, area="outer")
        tending.tend_all()
    assert [row.state for row in rows(contract)] == ["running", "waiting"]
    with clock.at(beijing("2026-03-12 09:00")):
        contracts.set_site_zone(actor=SYSTEM, contract_id=contract.pk, site_id=site.site_id, area="urban")
        tending.tend_all()
    assert {row.state for row in rows(contract)} == {"void"}


def test_people_are_chosen_by_role_and_by_their_days_in_the_contract():
    contract = contract_at(
        "report:\n  kind: recurring\n  every: week\n  covers: {item: person, role: agent}\n"
        "  kept_by: ticket.responded\n"
    )
    with clock.at(beijing("2026-02-27 10:00")):
        agent = make_member(contract, "agent", ends_on=date(2026, 3, 4))
        make_member(contract, "project_manager")
    pass_to(beijing("2026-03-02 09:00"))
    assert {row.subject_id for row in rows(contract)} == {agent.pk}
    pass_to(beijing("2026-03-05 09:00"))
    assert {row.state for row in rows(contract, "2026-W10")} == {"void"}


def test_a_person_with_two_roles_is_chosen_by_either_and_asked_once():
    duty = "  kind: recurring\n  every: week\n  kept_by: ticket.responded\n  covers: "
    contract = contract_at(
        f"on-site:\n{duty}{{item: person, role: field_engineer}}\neverybody:\n{duty}{{item: person}}\n"
    )
    with clock.at(beijing("2026-02-27 10:00")):
        both = make_member(contract, "agent")
        make_member(contract, "field_engineer", user=both)
        agent = make_member(contract, "agent")
    pass_to(beijing("2026-03-02 09:00"))
    found = rows(contract, "2026-W10")
    asked = sorted((row.commitment.name, row.subject_id, row.facts["role"]) for row in found)
    assert asked == [
        ("everybody", both.pk, "agent"),
        ("everybody", agent.pk, "agent"),
        ("on-site", both.pk, "field_engineer"),
    ]


@pytest.mark.parametrize(
    ("chosen", "code", "zh", "en"),
    [
        (
            "covers: {item: asset, asset_class: camera}",
            "unknown_item",
            "“asset”；若尚未建成",
            "if it does not exist",
        ),
        ("sample: {item: asset, share: 10%}", "unknown_item", "“asset”；若尚未建成", "if it does not exist"),
        ("each: asset_class", "unknown_item", "“asset_class”；若尚未建成", "if it does not exist"),
        ("covers: {item: sites}", "unknown_item", "是否想写“site”", "Did you mean “site”"),
        ("covers: {item: site, tag: vip}", "unknown_fact", "“tag”", "There is no fact “tag” here"),
        ("covers: {item: site, stage: service}", "unknown_fact", "“stage”", "There is no fact “stage” here"),
        ("covers: {item: site, zone: innner}", "unknown_value", "“innner”不是", "is not a value of “zone”"),
        ("covers: {item: person, role: agnet}", "unknown_role", "“agent”", "Did you mean “agent”"),
        (
            "due: 3 months before asset.warranty_end",
            "unknown_date",
            "“warranty.end”",
            "Did you mean “warranty.end”",
        ),
    ],
)
def test_the_check_says_what_cannot_be_chosen_by(chosen, code, zh, en):
    """Assets, tags and dates of things still to come are named with their place and what to do about it."""
    text = plan_text(f"a:\n  kind: recurring\n  every: month\n  kept_by: ticket.responded\n  {chosen}\n")
    (problem,) = check_plan(parse_text(text), vocabulary.current())
    assert (problem.severity, problem.code) == ("error", code)
    assert text.splitlines()[(problem.line or 0) - 1].strip() == chosen
    assert zh in problem.message("zh-hans")
    assert en in problem.message("en")


# Joining and leaving within a period


def test_a_site_that_joins_owes_nothing_for_what_was_due_before():
    contract = contract_at(
        "visits:\n  kind: recurring\n  every: month\n  due: day 10\n  covers: {item: site}\n"
        "  kept_by: ticket.responded\n"
    )
    pass_to(beijing("2026-03-19 09:00"))
    joins(contract, "2026-03-20 09:00")
    pass_to(beijing("2026-03-21 09:00"))
    assert [(row.period[:7], row.state) for row in rows(contract)] == [("2026-04", "waiting")]


def test_a_site_that_joins_owes_the_rounds_still_to_come():
    contract = contract_at(
        "visits:\n  kind: recurring\n  every: month\n  times: 4\n  covers: {item: site}\n"
        "  kept_by: ticket.responded\n"
    )
    pass_to(beijing("2026-03-20 00:01"))
    joins(contract, "2026-03-20 09:00")
    found = rows(contract, "2026-03")
    assert [(row.period.split(":")[0], row.state) for row in found] == [
        ("2026-03#3", "running"),
        ("2026-03#4", "waiting"),
    ]
    assert found[0].opened_at == beijing("2026-03-20 09:00")


@pytest.mark.parametrize(("joined", "asked"), [("2026-03-05 09:00", True), ("2026-03-25 09:00", False)])
def test_a_site_that_joins_late_owes_its_share_of_the_period(joined, asked):
    """Rounded half up, as for a contract that begins within a period; looking again changes nothing."""
    contract = contract_at(
        "visits:\n  kind: recurring\n  every: month\n  pro_rata: true\n  covers: {item: site}\n"
        "  kept_by: ticket.responded\n"
    )
    pass_to(beijing("2026-03-02 00:01"))
    joins(contract, joined)
    pass_to(beijing("2026-03-26 09:00"))
    assert bool(rows(contract, "2026-03")) is asked
    assert rows(contract, "2026-04")


QUOTA = """
answers:
  kind: quota
  every: month
  each: site
  amount: {count: ticket.responded}
  at_least: 10
"""


def test_a_quota_of_a_site_that_joins_is_its_share():
    contract = contract_at(QUOTA + "  pro_rata: true\n")
    old = joins(contract, "2026-02-28 09:00")
    pass_to(beijing("2026-03-01 09:00"))
    new = joins(contract, "2026-03-17 09:00")
    pass_to(beijing("2026-03-18 09:00"))
    asked = {row.subject_id: row.facts["low"] for row in rows(contract, "2026-03")}
    assert asked == {old.site_id: 10, new.site_id: pytest.approx(10 * 15 / 31, abs=0.001)}


def test_a_quota_of_a_site_that_leaves_is_void_and_begins_again_when_it_returns():
    contract = contract_at(QUOTA)
    site = joins(contract, "2026-03-02 09:00")
    leaves(contract, site, "2026-03-10 09:00")
    assert [(row.state, row.ending) for row in rows(contract, "2026-03")] == [("void", "not_meant")]
    assert figures_in(contract.pk, beijing("2026-03-01 00:00"), beijing("2026-04-01 00:00")) == {}
    pass_to(beijing("2026-03-11 09:00"))
    joins(contract, "2026-03-12 09:00", site=site.site)
    assert [row.state for row in rows(contract, "2026-03")] == ["void", "running"]
    pass_to(beijing("2026-04-02 09:00"))
    assert [row.state for row in rows(contract, "2026-03")] == ["void", "missed"]


@pytest.mark.parametrize(("language", "pace"), [("en", "at this pace"), ("zh-hans", "按此进度为")])
def test_the_pace_of_hours_is_said_in_hours(language, pace):
    begun, due = beijing("2026-01-01 00:00"), beijing("2027-01-01 00:00")
    now = begun + (due - begun) * 0.775
    expected = forecast(31 * 3600.0, elapsed_share(begun, due, now))
    figure = Figure(1, "Y1", "running", 31 * 3600.0, 40 * 3600.0, None, expected, 12, 0, due)
    with translation.override(language):
        words = Detail("quota", Figures(running=1), [figure], unit="h").words()
    assert words.startswith("31 h (≥ 40 h)")
    assert words.endswith(f"{pace} 40 h")


def test_a_new_rhythm_asks_nothing_for_the_time_before_it():
    head = "reports:\n  kind: recurring\n  every: month\n  kept_by: ticket.responded\n"
    contract = contract_at(head)
    pass_to(beijing("2026-03-02 00:01"))
    with clock.at(beijing("2026-03-20 09:00")):
        text = plan_text(head + "  times: 4\n", contract.plan_version.plan)
        contracts.pin_plan_version(
            actor=SYSTEM, contract_id=contract.pk, plan_version_id=make_plan_version(text).pk
        )
        tending.tend_all()
    pass_to(beijing("2026-03-20 09:01"))
    assert [row.period for row in rows(contract, "2026-03") if row.state == "missed"] == []


# Samples


SAMPLE = """
look:
  kind: recurring
  every: week
  sample: {item: site, count: 1, drawn: at random, seed: recorded, not_again_for: 4 weeks}
  kept_by: ticket.responded
"""


def test_nobody_is_drawn_again_before_his_rest_is_over():
    contract = contract_at(SAMPLE)
    for _ in range(5):
        joins(contract, "2026-02-27 10:00")
    for week in range(26):
        pass_to(beijing("2026-03-02 00:01") + week * 7 * DAY)
    draws = Draw.objects.filter(contract=contract, size=1).order_by("drawn_at")
    drawn = [draw.drawn[0] for draw in draws]
    assert len(drawn) >= 26
    for number, one in enumerate(drawn):
        assert one not in drawn[max(number - 3, 0) : number], (number, drawn)


def test_of_two_draws_the_later_one_counts_for_the_rest():
    """Whatever order the database tells them in: of a thing drawn long ago and lately, the last time bars it."""
    contract = contract_at(SAMPLE, at=beijing("2026-03-29 20:00"))
    with clock.at(beijing("2026-03-29 20:01")):
        one, other = make_contract_site(contract), make_contract_site(contract)
    row = Commitment.objects.get(contract=contract)
    for period, at in (("late", "2026-03-23 00:01"), ("early", "2026-01-05 00:01")):
        Draw.objects.create(
            customer_id=contract.customer_id,
            contract=contract,
            commitment=row,
            period=period,
            seed="s",
            population=[one.site_id, other.site_id],
            resting=[],
            size=1,
            drawn=[one.site_id],
            drawn_at=beijing(at),
        )
    pass_to(beijing("2026-03-30 00:01"))
    draw = Draw.objects.get(contract=contract, period="2026-W14")
    assert (draw.resting, draw.drawn) == ([one.site_id], [other.site_id])


def test_a_seed_of_each_draw_is_kept_and_different():
    contract = contract_at(SAMPLE)
    joins(contract, "2026-02-27 10:00")
    for week in range(3):
        pass_to(beijing("2026-03-02 00:01") + week * 7 * DAY)
    seeds = list(Draw.objects.filter(contract=contract).values_list("seed", flat=True))
    assert len(seeds) == len(set(seeds)) >= 3
    assert all(len(seed) == 32 for seed in seeds)


def test_a_sample_is_made_up_for_after_a_stop():
    contract = contract_at(SAMPLE)
    for _ in range(5):
        joins(contract, "2026-02-27 10:00")
    pass_to(beijing("2026-03-02 00:01"))
    with clock.at(beijing("2026-03-24 09:00")):
        happens(contract, new_case(), "ticket.responded")
    pass_to(beijing("2026-03-24 09:01"))
    periods = list(Draw.objects.filter(contract=contract).order_by("period").values_list("period", flat=True))
    assert periods[-4:] == ["2026-W10", "2026-W11", "2026-W12", "2026-W13"]
    drawn = [draw.drawn[0] for draw in Draw.objects.filter(contract=contract, period__gte="2026-W10")]
    assert len(set(drawn)) == 4
