"""Days that overlap or run backwards: page and API name the field, the value and the remedy, in Chinese and English."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

from shouyue.accounts.queries import actor_of
from shouyue.accounts.tests.factories import client_of
from shouyue.commitments.services import closing
from shouyue.contracts.models import Contract, ContractStage, Milestone
from shouyue.contracts.plan_language.check import check_plan
from shouyue.contracts.plan_language.parse import parse_text
from shouyue.contracts.tests.factories import PLAN, make_contract, make_member, make_user, reach
from shouyue.contracts.vocabulary import current
from shouyue.kernel import clock
from shouyue.kernel.actor import SYSTEM
from shouyue.kernel.errors import Conflict

from .story import beijing

pytestmark = pytest.mark.django_db

NOW = beijing("2026-03-20 09:00")
THREE_STAGES = PLAN.replace(
    "milestones:\n",
    "milestones:\n  trial: {title: {zh: 初验, en: Preliminary acceptance}, signed_by: [provider]}\n",
).replace(
    "until: final-acceptance}\n  after-sales",
    "until: trial}\n"
    "  trial-run: {title: {zh: 试运行, en: Trial run}, from: trial, until: final-acceptance}\n  after-sales",
)
SIGNED = {"signed_by_provider": "王经理", "signed_by_customer": "李主任"}


@pytest.fixture(params=["zh-hans", "en"])
def language(request):
    return request.param


@pytest.fixture
def contract(db):
    with clock.at(NOW):
        yield make_contract(text=THREE_STAGES, starts_on=date(2026, 1, 1), ends_on=date(2027, 12, 31))


@pytest.fixture
def browser(contract, language):
    return client_of(actor_of(make_member(contract, "project_manager", language=language).pk))


def sent(browser, method, path, data, version="*"):
    return getattr(browser, method)(
        path, json.dumps(data), content_type="application/json", headers={"if-match": f'"{version}"'}
    )


def refused(answer, field):
    assert answer.status_code in (409, 422), answer.content
    (said,) = [one["detail"] for one in answer.json()["errors"] if one["field"] == field]
    return said


def page_of(browser, path, data):
    answer = browser.post(path, data)
    assert answer.status_code in (409, 422), answer.status_code
    return answer.content.decode()


def form_of(contract, **changes):
    """What the page of a contract sends, with some of it changed."""
    row = Contract.objects.get(pk=contract.pk)
    values = {
        "name": row.name,
        "starts_on": row.starts_on.isoformat(),
        "ends_on": row.ends_on.isoformat(),
        "time_zone": row.time_zone,
        "service_level": row.service_level,
        "desk_phone": row.desk_phone,
        "is_active": "on",
        "version": row.version,
    }
    return values | changes


def test_a_term_that_ends_before_it_begins(contract, browser, language):
    said = refused(
        sent(
            browser, "patch", f"/api/contracts/{contract.code}", {"ends_on": "2025-12-31"}, contract.version
        ),
        "ends_on",
    )
    assert "2025-12-31" in said
    assert "2026-01-01" in said
    assert ("请填写" if language == "zh-hans" else "give") in said
    page = page_of(browser, f"/contracts/{contract.code}/edit/", form_of(contract, ends_on="2025-12-31"))
    assert said in page


def test_days_of_a_member_that_run_backwards(contract, browser, language):
    person = make_user()
    days = {"starts_on": "2026-04-01", "ends_on": "2026-03-01"}
    said = refused(
        sent(
            browser,
            "post",
            f"/api/contracts/{contract.code}/members",
            {"user_id": person.pk, "role": "agent", **days},
        ),
        "ends_on",
    )
    assert all(day in said for day in days.values())
    page = page_of(
        browser, f"/contracts/{contract.code}/members/add/", {"user": person.pk, "role": "agent", **days}
    )
    assert said in page


def test_stages_that_would_run_at_once(contract, browser, language):
    """The final acceptance before the preliminary one: two stages would hold on the same days."""
    reach(contract, "trial", date(2026, 3, 10))
    path = f"/api/contracts/{contract.code}/milestones/final-acceptance"
    said = refused(sent(browser, "put", path, {"happened_on": "2026-03-05", **SIGNED}), "happened_on")
    assert "2026-03-05" in said
    assert "2026-03-09" in said
    assert ("技术支持期" if language == "zh-hans" else "Technical support") in said
    page = page_of(
        browser,
        f"/contracts/{contract.code}/milestones/reach/",
        {"name": "final-acceptance", "happened_on": "2026-03-05", **SIGNED},
    )
    assert said in page
    assert not Milestone.objects.filter(contract=contract, name="final-acceptance").exists()
    good = sent(browser, "put", path, {"happened_on": "2026-03-12", **SIGNED})
    assert good.status_code == 200, good.content
    rows = ContractStage.objects.filter(contract=contract, starts_on__lte="2026-03-15").order_by("starts_on")
    assert [(row.name, row.ends_on) for row in rows][:2] == [
        ("technical-support", date(2026, 3, 9)),
        ("trial-run", date(2026, 3, 11)),
    ]


def test_a_milestone_that_is_still_to_come(contract, browser):
    path = f"/api/contracts/{contract.code}/milestones/trial"
    said = refused(sent(browser, "put", path, {"happened_on": "2026-03-21", **SIGNED}), "happened_on")
    assert "2026-03-21" in said
    assert "2026-03-20" in said


def test_a_plan_whose_stages_begin_together(contract, browser):
    text = THREE_STAGES.replace("from: trial, until", "from: contract.start, until")
    (problem,) = [one for one in check_plan(parse_text(text), current()) if one.severity == "error"]
    assert (problem.code, problem.path) == ("stages_together", "stages.trial-run.from")
    path = f"/api/contracts/{contract.code}/plan-proposals"
    answer = sent(browser, "post", path, {"text": text})
    assert answer.status_code == 422
    told = json.dumps(answer.json(), ensure_ascii=False)
    assert "trial-run" in told
    assert "technical-support" in told


def test_an_open_stage_ends_where_the_next_begins(contract):
    text = THREE_STAGES.replace(
        "from: final-acceptance, until: warranty.end}\n  post", "from: final-acceptance}\n  post"
    )
    other = make_contract(text=text, starts_on=date(2026, 1, 1), ends_on=date(2027, 12, 31))
    reach(other, "trial", date(2026, 3, 1))
    reach(other, "final-acceptance", date(2026, 3, 10))
    (stage,) = ContractStage.objects.filter(contract=other, name="after-sales")
    (following,) = ContractStage.objects.filter(contract=other, name="post-warranty")
    assert stage.ends_on == following.starts_on - timedelta(days=1)


def test_a_version_for_a_day_past_and_a_second_one_while_one_is_open(contract, browser, language):
    path = f"/api/contracts/{contract.code}/plan-proposals"
    stricter = THREE_STAGES.replace("within: 8 h", "within: 6 h")
    said = refused(
        sent(browser, "post", path, {"text": stricter, "effective_on": "2026-03-19"}),
        "effective_on",
    )
    assert "2026-03-19" in said
    assert "2026-03-20" in said
    first = sent(browser, "post", path, {"text": stricter, "effective_on": "2026-05-01"})
    assert first.status_code == 201, first.content
    second = sent(
        browser,
        "post",
        path,
        {"text": THREE_STAGES.replace("8 h", "5 h"), "effective_on": "2026-04-01"},
    )
    assert second.status_code == 409
    assert "2026-03-20" in second.json()["detail"]
    assert ("撤回" if language == "zh-hans" else "withdraw") in second.json()["detail"]


def test_closed_periods_do_not_overlap(contract):
    """After a plan went over from months to quarters."""
    with clock.at(beijing("2026-04-10 09:00")):
        closing.close_period(actor=SYSTEM, contract_id=contract.pk, period="2026-02")
        with pytest.raises(Conflict) as refusal:
            closing.close_period(actor=SYSTEM, contract_id=contract.pk, period="2026-Q1")
        (said,) = refusal.value.fields["period"]
        assert "2026-Q1" in str(said)
        assert "2026-02" in str(said)
