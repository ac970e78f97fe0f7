"""Drafts and proposals of plans: editing, conflicts, both approvals, the day it takes effect."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from shouyue.accounts.queries import actor_of
from shouyue.contracts import plan_page, tasks
from shouyue.contracts import services as contracts
from shouyue.contracts.choices import Role
from shouyue.contracts.models import Contract, PlanDraft, PlanProposal, PlanProposalStep
from shouyue.contracts.plan_language.parse import parse_text
from shouyue.contracts.planning import checking, queries, services
from shouyue.contracts.tests.factories import (
    PLAN,
    make_contract,
    make_member,
    make_plan_version,
    make_user,
    reach,
)
from shouyue.kernel import clock
from shouyue.kernel.actor import SYSTEM
from shouyue.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from shouyue.kernel.models import Event
from shouyue.kernel.scope import Scope, acting_in
from shouyue.notifications.models import Notice
from shouyue.notifications.services import deliver_batch
from shouyue.parties.tests.factories import make_contact

pytestmark = pytest.mark.django_db
NEW = PLAN.replace("within: 8 h", "within: 6 h")


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def contract() -> Contract:
    return make_contract(code="GB")


@pytest.fixture
def people(contract) -> dict[str, Any]:
    return {
        "manager": make_member(contract, Role.PROJECT_MANAGER, name="王经理"),
        "boss": make_user(roles=["service_manager"], name="赵总"),
        "leader": make_member(contract, Role.LEADER, name="李主任"),
        "agent": make_member(contract, Role.AGENT),
        "end_user": make_member(contract, Role.END_USER),
        "stranger": make_member(make_contract(), Role.PROJECT_MANAGER),
    }


def actor(people, name):
    return actor_of(people[name].pk)


def start_of(contract: Contract) -> str:
    return f"version:{contract.plan_version_id}"


def make_draft(people, contract, text: str = NEW) -> PlanDraft:
    return services.create_draft(
        actor=actor(people, "manager"), contract_id=contract.pk, start=start_of(contract), text=text
    )


def make_proposal(people, contract, **changes: Any) -> PlanProposal:
    values = {"actor": actor(people, "manager"), "contract_id": contract.pk, "text": NEW}
    return services.propose_plan(**values | changes)


def decide(people, contract, proposal, name):
    return services.approve_plan(actor=actor(people, name), contract_id=contract.pk, proposal_id=proposal.pk)


def verbs(contract_id: int) -> list[str]:
    return list(
        Event.objects.filter(verb__startswith="contract.plan_", contract_id=contract_id)
        .order_by("id")
        .values_list("verb", flat=True)
    )


# Drafts


def test_draft_begins_with_the_version_in_force(people, contract):
    draft = services.create_draft(
        actor=actor(people, "manager"), contract_id=contract.pk, start=start_of(contract), name="新窗口"
    )
    assert (draft.text, draft.name, draft.version) == (PLAN, "新窗口", 1)


def test_draft_may_begin_with_a_template_under_the_own_name(people, contract):
    text, based_on = queries.start_text(actor(people, "manager"), contract, "template:desktop-5x8")
    assert "\nplan: small-office\n" in f"\n{text}"
    assert based_on is None


def test_draft_may_begin_with_the_plan_of_another_visible_contract(people, contract):
    other = make_contract(text=PLAN.replace("plan: small-office", "plan: big-office"))
    with pytest.raises(NotFound):
        queries.start_text(actor(people, "manager"), contract, f"contract:{other.code}")
    assert queries.start_text(actor(people, "boss"), contract, f"contract:{other.code}")[0] == PLAN


def test_second_to_save_is_told_and_both_texts_stay(people, contract):
    draft = make_draft(people, contract)
    url = reverse("contracts:draft", args=["GB", draft.pk])
    first, second = signed_in(people["manager"]), signed_in(people["boss"])
    assert first.post(url, {"text": "a: 1", "version": 1}).status_code == 303
    answer = second.post(url, {"text": "b: 2", "version": 1})
    body = answer.content.decode()
    assert answer.status_code == 409
    assert "a: 1" in body
    assert "b: 2" in body
    draft.refresh_from_db()
    assert (draft.text, draft.version) == ("a: 1", 2)


def test_conflicting_text_may_be_kept_as_a_draft_of_its_own(people, contract):
    draft = make_draft(people, contract)
    url = reverse("contracts:draft", args=["GB", draft.pk])
    signed_in(people["boss"]).post(url, {"text": "b: 2", "version": 1, "as_copy": "1"})
    assert set(PlanDraft.objects.values_list("text", flat=True)) == {NEW, "b: 2"}


def test_draft_of_two_megabytes_and_more_is_refused(people, contract):
    draft = make_draft(people, contract)
    with pytest.raises(Invalid):
        services.save_draft(
            actor=actor(people, "manager"),
            contract_id=contract.pk,
            draft_id=draft.pk,
            text="x" * 2_000_001,
            version=1,
        )


def test_deleted_draft_is_gone(people, contract):
    draft = make_draft(people, contract)
    assert signed_in(people["manager"]).post(f"/contracts/GB/drafts/{draft.pk}/delete/").status_code == 303
    assert not PlanDraft.objects.exists()


# The live check


def test_problem_has_line_column_and_nearest_word():
    found = checking.checked(PLAN.replace("ticket.responded", "ticket.respondd"), "en")
    assert [(one.line, "ticket.responded" in one.text) for one in found.problems] == [
        (PLAN.splitlines().index("    kept_by: ticket.responded") + 1, True)
    ]
    assert found.errors == 1


def test_a_holiday_table_nobody_keeps_is_a_problem_with_its_place(people, contract):
    text = PLAN.replace("holidays: CN", "holidays: CNN")
    (problem,) = checking.checked(text, "zh-hans").problems
    line = next(number for number, row in enumerate(PLAN.splitlines(), 1) if "holidays: CN" in row)
    assert (problem.line, problem.text) == (line, "系统中没有名为“CNN”的节假日表。是否想写“CN”？")
    with pytest.raises(Invalid) as refused:
        make_proposal(people, contract, text=text.replace("within: 8 h", "within: 6 h"))
    assert f"plan.yaml:{line}:" in str(refused.value)
    assert not PlanProposal.objects.exists()


def test_promise_at_the_cursor_is_said_in_words():
    line = PLAN.splitlines().index("    within: 8 h") + 1
    assert checking.checked(PLAN, "zh-hans", line).promise.title == "解决"
    assert checking.checked(PLAN, "zh-hans", 3).promise is None


@pytest.mark.parametrize("text", ["", "[", "a: &x [*x]", "plan: 1\ncommitments: {a: 3}", "\x07", "é" * 5000])
def test_any_text_is_checked_without_failing(people, contract, text):
    draft = make_draft(people, contract)
    answer = signed_in(people["manager"]).post(
        f"/contracts/GB/drafts/{draft.pk}/check/", {"text": text, "line": "2"}
    )
    assert answer.status_code == 200
    assert "data-plan-jump" in answer.content.decode()


def test_check_changes_nothing(people, contract, django_assert_max_num_queries):
    draft = make_draft(people, contract)
    client = signed_in(people["manager"])
    client.post(f"/contracts/GB/drafts/{draft.pk}/check/", {"text": PLAN})
    with django_assert_max_num_queries(9):
        answer = client.post(f"/contracts/GB/drafts/{draft.pk}/check/", {"text": PLAN, "line": "60"})
    assert answer.status_code == 200
    draft.refresh_from_db()
    assert draft.text == NEW


@pytest.mark.parametrize("page", ["drafts/new/", "drafts/{draft}/", "drafts/{draft}/compare/", "versions/"])
def test_pages_of_drafts_stay_within_their_queries(people, contract, page, django_assert_max_num_queries):
    draft = make_draft(people, contract)
    client = signed_in(people["manager"])
    url = f"/contracts/GB/{page.format(draft=draft.pk)}"
    client.get(url)
    with django_assert_max_num_queries(16):
        assert client.get(url).status_code == 200


def test_comparison_shows_promise_and_text(people, contract):
    draft = make_draft(people, contract)
    body = signed_in(people["manager"]).get(f"/contracts/GB/drafts/{draft.pk}/compare/").content.decode()
    assert "within: 8 h" in body
    assert "within: 6 h" in body
    assert "6小时" in body


# Proposals


def test_both_approve_and_it_takes_effect_at_once(people, contract):
    proposal = make_proposal(people, contract)
    decide(people, contract, proposal, "boss")
    assert Contract.objects.get(pk=contract.pk).plan_version.number == 1
    decide(people, contract, proposal, "leader")
    assert Contract.objects.get(pk=contract.pk).plan_version.number == 2
    proposal.refresh_from_db()
    assert (proposal.state, proposal.settled_at is not None) == ("in_force", True)
    assert verbs(contract.pk) == [
        "contract.plan_applied",
        "contract.plan_proposed",
        "contract.plan_approved",
        "contract.plan_approved",
        "contract.plan_applied",
    ]
    steps = [(step.step, step.role) for step in queries.steps_of(SYSTEM, proposal.pk)]
    assert steps == [
        ("proposed", "project_manager"),
        ("provider_approved", "service_manager"),
        ("customer_approved", "customer.leader"),
        ("applied", "customer.leader"),
    ]


def test_it_waits_for_its_day(people, contract):
    today = clock.today(contract.time_zone)
    proposal = make_proposal(people, contract, effective_on=today + timedelta(days=10))
    decide(people, contract, proposal, "boss")
    decide(people, contract, proposal, "leader")
    assert services.apply_due_plans(actor=SYSTEM) == 0
    assert Contract.objects.get(pk=contract.pk).plan_version.number == 1
    PlanProposal.objects.update(effective_on=today)
    assert services.apply_due_plans(actor=SYSTEM) == 1
    assert services.apply_due_plans(actor=SYSTEM) == 0
    assert Contract.objects.get(pk=contract.pk).plan_version.number == 2


def test_a_plan_that_cannot_be_put_in_force_holds_up_no_other(people, contract, monkeypatch, caplog):
    today = clock.today(contract.time_zone)
    other = make_contract()
    for one in (contract, other):
        manager = make_member(one, Role.PROJECT_MANAGER)
        members = {**people, "manager": manager, "leader": make_member(one, Role.LEADER)}
        proposal = make_proposal(members, one, effective_on=today + timedelta(days=1))
        decide(members, one, proposal, "boss")
        decide(members, one, proposal, "leader")
    PlanProposal.objects.update(effective_on=today)

    put = services.put_in_force

    def put_in_force(**given):
        if given["contract"].pk == contract.pk:
            raise Conflict("阶段重叠")
        put(**given)

    monkeypatch.setattr(services, "put_in_force", put_in_force)
    assert services.apply_due_plans(actor=SYSTEM) == 1
    assert f"of contract {contract.pk} could not be put in force" in caplog.text
    assert Contract.objects.get(pk=other.pk).plan_version.number == 2
    assert PlanProposal.objects.get(contract=contract).state == "approved"
    monkeypatch.undo()
    assert services.apply_due_plans(actor=SYSTEM) == 1


def waiting(people, contract, day, text):
    """A proposal both sides have approved, for a day to come."""
    proposal = make_proposal(people, contract, text=text, effective_on=day)
    decide(people, contract, proposal, "boss")
    decide(people, contract, proposal, "leader")
    return proposal


def refused_on_its_day(contract, proposal, day):
    """Why an approved proposal does not take effect on its day; everybody concerned is told once."""
    with clock.at(datetime.combine(day, time(0, 1), ZoneInfo(contract.time_zone))):
        for _twice in range(2):
            assert services.apply_due_plans(actor=SYSTEM) == 0
    proposal.refresh_from_db()
    assert proposal.state == "refused"
    assert Contract.objects.get(pk=contract.pk).plan_version_id != proposal.plan_version_id
    assert verbs(contract.pk)[-1] == "contract.plan_refused"
    last = PlanProposalStep.objects.filter(proposal=proposal).latest("id")
    notice = Notice.objects.get(key__startswith=f"plan-refused:{proposal.pk}:", channel="in_app")
    number = proposal.plan_version.number
    assert notice.subject == f"GB：服务方案第 {number} 版未能生效"
    assert notice.body == f"{contract.name}\n{last.reason}"
    return last.reason


def test_what_was_overtaken_by_another_version_is_refused_on_its_day(people, contract):
    day = clock.today(contract.time_zone) + timedelta(days=10)
    proposal = waiting(people, contract, day, NEW)
    newer = make_plan_version(PLAN.replace("within: 8 h", "within: 5 h"))
    with clock.at(clock.now() + timedelta(days=1)):
        contracts.pin_plan_version(
            actor=actor(people, "boss"), contract_id=contract.pk, plan_version_id=newer.pk
        )
    assert refused_on_its_day(contract, proposal, day) == "本提案提出之后，第 3 版已生效；请重新提出。"
    body = signed_in(people["leader"]).get(f"/contracts/GB/proposals/{proposal.pk}/").content.decode()
    assert "请重新提出" in body


def test_what_would_let_stages_run_at_once_by_then_is_refused_on_its_day(people, contract):
    """When it was approved, the stage that now overlaps had no date yet."""
    day = clock.today(contract.time_zone) + timedelta(days=10)
    proposal = waiting(people, contract, day, PLAN.replace("until: final-acceptance", "until: warranty.end"))
    with clock.at(clock.now() + timedelta(days=5)):
        reach(contract, "final-acceptance", clock.today(contract.time_zone))
    assert refused_on_its_day(contract, proposal, day).startswith("“技术支持期”与“质保期售后”两个阶段将在")


def test_on_its_day_the_people_concerned_are_told_once(people, contract):
    desk = make_member(contract, Role.IT_CONTACT, name="钱接口", email="qian@example.com")
    by_mail = make_contact(contract.customer, name="孙工", email="sun@example.com", capacities=["it_contact"])
    by_sms = make_contact(contract.customer, name="周工", phone="13800001111", capacities=["it_contact"])
    silent = make_contact(contract.customer, name="吴工", capacities=["it_contact"])
    other = make_contact(contract.customer, name="郑总", email="z@example.com", capacities=["leader"])
    day = clock.today(contract.time_zone) + timedelta(days=10)
    proposal = make_proposal(people, contract, effective_on=day)
    decide(people, contract, proposal, "boss")
    decide(people, contract, proposal, "leader")
    told = Notice.objects.filter(key__startswith="plan-in-force:")
    zone = ZoneInfo(contract.time_zone)
    with clock.at(datetime.combine(day, time(0), zone) - timedelta(minutes=1)):
        tasks.apply_due_plans.run()
        assert told.count() == 0
    for minute in (1, 6, 11):  # the job runs every five minutes
        with clock.at(datetime.combine(day, time(0, minute), zone)):
            tasks.apply_due_plans.run()
    assert Contract.objects.get(pk=contract.pk).plan_version.number == 2
    assert set(told.values_list("user_id", "contact_id", "channel")) == {
        (people["manager"].pk, None, "in_app"),
        (desk.pk, None, "in_app"),
        (desk.pk, None, "email"),
        (None, by_mail.pk, "email"),
        (None, by_sms.pk, "sms"),
        (None, silent.pk, "email"),
    }
    assert other.pk not in set(told.values_list("contact_id", flat=True))
    assert "GB" in told.get(contact=by_mail).subject
    assert told.get(contact=by_mail).url == ""
    with clock.at(datetime.combine(day, time(8), zone)):
        deliver_batch()
    assert told.get(contact=silent).state == "failed"  # the operators see that nobody could be told
    assert told.get(contact=by_mail).state == "sent"


def through(people, contract, text):
    """A proposal that both sides approve."""
    proposal = make_proposal(people, contract, text=text)
    decide(people, contract, proposal, "boss")
    decide(people, contract, proposal, "leader")
    proposal.refresh_from_db()
    return proposal


def test_a_settled_proposal_is_compared_with_what_was_in_force_then(people, contract):
    first = contract.plan_version_id
    refused = make_proposal(people, contract, text=PLAN.replace("within: 8 h", "within: 7 h"))
    services.refuse_plan(
        actor=actor(people, "boss"), contract_id=contract.pk, proposal_id=refused.pk, reason="太短"
    )
    six = through(people, contract, NEW)
    five = through(people, contract, PLAN.replace("within: 8 h", "within: 5 h"))
    waiting = make_proposal(people, contract, text=PLAN.replace("within: 8 h", "within: 4 h"))
    refused.refresh_from_db()
    compared = [queries.version_before(actor(people, "leader"), one) for one in (refused, six, five, waiting)]
    assert compared == [first, first, six.plan_version_id, five.plan_version_id]


OPEN_TO_ALL = PLAN.replace("    internal: true\n", "    source: S-01\n")
HIDDEN = OPEN_TO_ALL.replace(
    "    source: S-01\n    from: ticket.reported\n    kept_by: ticket.resolved",
    ("    internal: true\n    from: ticket.reported\n    kept_by: ticket.resolved"),
)


@pytest.mark.parametrize(
    ("old", "new", "state"), [(OPEN_TO_ALL, HIDDEN, "removed"), (HIDDEN, OPEN_TO_ALL, "added")]
)
def test_a_promise_that_is_hidden_from_the_customer_is_removed_to_him(old, new, state):
    plans = [parse_text(text).plan for text in (old, new)]
    (row,) = plan_page.promises_differing(*plans, "zh-hans", for_customer=True)
    assert (row.name, row.state) == ("resolve", state)
    assert (bool(row.old), bool(row.new)) == (state == "removed", state == "added")
    (row,) = plan_page.promises_differing(*plans, "zh-hans")
    assert row.state == "changed"


def test_a_version_whose_stages_would_overlap_is_refused_with_the_reason(people, contract):
    reach(contract, "final-acceptance", clock.today(contract.time_zone))
    make_plan_version(PLAN.replace("until: final-acceptance", "until: warranty.end"))
    client = signed_in(people["boss"])
    answer = client.post("/contracts/GB/versions/2/apply/")
    assert answer.status_code == 303
    assert "两个阶段将在" in client.get(answer["Location"]).content.decode()
    assert Contract.objects.get(pk=contract.pk).plan_version.number == 1


def test_nobody_approves_his_own_proposal(people, contract):
    proposal = make_proposal(people, contract, actor=actor(people, "boss"))
    with pytest.raises(NotAllowed):
        decide(people, contract, proposal, "boss")


@pytest.mark.parametrize(
    ("name", "error"),
    [("manager", NotAllowed), ("agent", NotAllowed), ("leader", NotFound), ("end_user", NotFound)],
)
def test_only_the_provider_s_leaders_approve_first(people, contract, name, error):
    proposal = make_proposal(people, contract)
    with pytest.raises(error):
        decide(people, contract, proposal, name)
    assert PlanProposalStep.objects.count() == 1


@pytest.mark.parametrize("name", ["manager", "boss", "agent", "end_user"])
def test_only_the_customer_s_leaders_approve_second(people, contract, name):
    proposal = make_proposal(people, contract)
    services.approve_plan(
        actor=actor_of(make_user(roles=["hq"]).pk), contract_id=contract.pk, proposal_id=proposal.pk
    )
    with pytest.raises(NotAllowed):
        decide(people, contract, proposal, name)


def test_customer_refuses_with_a_reason(people, contract):
    proposal = make_proposal(people, contract)
    client = signed_in(people["leader"])
    url = reverse("contracts:refuse_plan", args=["GB", proposal.pk])
    assert client.post(url, {"reason": "时限太长"}).status_code == 404
    decide(people, contract, proposal, "boss")
    assert client.post(url, {"reason": " "}).status_code == 422
    assert client.post(url, {"reason": "时限太长"}).status_code == 303
    proposal.refresh_from_db()
    assert proposal.state == "refused"
    assert "时限太长" in client.get(f"/contracts/GB/proposals/{proposal.pk}/").content.decode()
    with pytest.raises(Conflict):
        decide(people, contract, proposal, "boss")


def test_one_proposal_at_a_time(people, contract):
    proposal = make_proposal(people, contract)
    with pytest.raises(Conflict):
        make_proposal(people, contract, text=PLAN.replace("within: 8 h", "within: 5 h"))
    services.withdraw_plan(actor=actor(people, "manager"), contract_id=contract.pk, proposal_id=proposal.pk)
    assert make_proposal(people, contract).state == "proposed"


def test_what_cannot_be_proposed(people, contract):
    with pytest.raises(Invalid):
        make_proposal(people, contract, text=PLAN)
    with pytest.raises(Invalid):
        make_proposal(people, contract, text=NEW.replace("ticket.responded", "ticket.respondd"))
    with pytest.raises(Invalid):
        make_proposal(people, contract, effective_on=clock.today("Asia/Shanghai") - timedelta(days=1))
    assert not PlanProposal.objects.exists()


def test_steps_are_only_added_to(people, contract):
    make_proposal(people, contract)
    for change in (lambda rows: rows.update(reason="x"), lambda rows: rows.delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            change(PlanProposalStep.objects.all())


def test_project_manager_does_not_pin_past_the_approvals(people, contract):
    signed_in(people["manager"]).post("/contracts/GB/versions/store/", {"text": NEW})
    answer = signed_in(people["manager"]).post("/contracts/GB/versions/2/apply/")
    assert answer.status_code == 403
    assert Contract.objects.get(pk=contract.pk).plan_version.number == 1


# Pages and walls

GET = ["drafts/new/", "drafts/{draft}/", "drafts/{draft}/compare/"]
POST = [
    "drafts/new/",
    "drafts/{draft}/",
    "drafts/{draft}/check/",
    "drafts/{draft}/propose/",
    "drafts/{draft}/delete/",
]


def test_drafts_are_for_managers_alone(people, contract):
    draft = make_draft(people, contract)
    before = Event.objects.count()
    for name, expected in (("agent", 403), ("leader", 403), ("end_user", 403), ("stranger", 404)):
        client = signed_in(people[name])
        for method, pages in ((client.get, GET), (client.post, POST)):
            found = [method(f"/contracts/GB/{page.format(draft=draft.pk)}").status_code for page in pages]
            assert set(found) == {expected}, name
    assert Client().get("/contracts/GB/drafts/new/").status_code == 302
    assert Event.objects.count() == before
    assert signed_in(people["boss"]).get(f"/contracts/GB/drafts/{draft.pk}/").status_code == 200


def test_proposal_is_read_by_the_contract_s_people_alone(people, contract):
    proposal = make_proposal(people, contract)
    url = f"/contracts/GB/proposals/{proposal.pk}/"

    def found():
        return {name: signed_in(user).get(url).status_code for name, user in people.items()}

    outside = ("leader", "end_user", "stranger")
    assert found() == dict.fromkeys(people, 200) | dict.fromkeys(outside, 404)
    posted = {
        name: signed_in(people[name]).post(f"{url}approve/").status_code
        for name in ("agent", "end_user", "stranger")
    }
    assert posted == {"agent": 403, "end_user": 404, "stranger": 404}
    assert PlanProposalStep.objects.count() == 1
    decide(people, contract, proposal, "boss")
    assert found() == dict.fromkeys(people, 200) | {"stranger": 404}


def test_customer_reads_no_internal_promise_and_no_text(people, contract):
    proposal = make_proposal(people, contract)
    decide(people, contract, proposal, "boss")
    url = f"/contracts/GB/proposals/{proposal.pk}/"
    assert "6小时" in signed_in(people["manager"]).get(url).content.decode()
    page = signed_in(people["leader"]).get(url)
    assert page.status_code == 200
    assert "6小时" not in page.content.decode()


def test_customer_finds_the_proposal_on_contract_page_and_portal(people, contract):
    proposal = make_proposal(people, contract)
    decide(people, contract, proposal, "boss")
    client = signed_in(people["leader"])
    for page in ("/contracts/GB/", "/portal/contracts/GB/"):
        assert f"/contracts/GB/proposals/{proposal.pk}/" in client.get(page).content.decode(), page
    assert client.post(f"/contracts/GB/proposals/{proposal.pk}/approve/").status_code == 303
    assert Contract.objects.get(pk=contract.pk).plan_version.number == 2


def test_whole_way_through_the_browser(people, contract):
    client = signed_in(people["manager"])
    answer = client.post("/contracts/GB/drafts/new/", {"start": start_of(contract), "name": "六小时"})
    draft = PlanDraft.objects.get()
    assert answer["Location"] == f"/contracts/GB/drafts/{draft.pk}/"
    client.post(answer["Location"], {"text": NEW, "version": 1, "line": "9"})
    answer = client.post(f"/contracts/GB/drafts/{draft.pk}/propose/", {"note": "更快"})
    proposal = PlanProposal.objects.get()
    assert answer["Location"] == f"/contracts/GB/proposals/{proposal.pk}/"
    assert (proposal.note, proposal.plan_version.text) == ("更快", NEW)


@pytest.mark.parametrize("model", [PlanDraft, PlanProposal, PlanProposalStep])
def test_database_hides_other_customers_rows(people, contract, model):
    make_draft(people, contract)
    make_proposal(people, contract)
    with acting_in(Scope(customers=frozenset({contract.customer_id}))):
        assert model.objects.count() == 1
    with acting_in(Scope(customers=frozenset({contract.customer_id + 1}))):
        assert model.objects.count() == 0
