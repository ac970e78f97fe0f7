"""Writes of contracts: what they change, record and refuse."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import DatabaseError, transaction

from shouyue.accounts.models import User
from shouyue.accounts.queries import actor_of
from shouyue.contracts import loading, queries, services
from shouyue.contracts.choices import Role
from shouyue.contracts.models import Contract, ContractStage, PlanVersion
from shouyue.contracts.services import stages
from shouyue.contracts.tasks import enter_due_stages
from shouyue.contracts.tests.factories import (
    PLAN,
    make_contract,
    make_customer,
    make_member,
    make_plan_version,
    make_site,
    make_user,
    reach,
)
from shouyue.kernel import clock, gates
from shouyue.kernel.actor import SYSTEM
from shouyue.kernel.errors import Conflict, GateRefused, Invalid, NotAllowed, NotFound
from shouyue.kernel.models import Event

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)


def verbs_of(contract: Contract) -> list[str]:
    rows = Event.objects.filter(subject_type="contract", subject_id=contract.pk).order_by("id")
    return list(rows.values_list("verb", flat=True))


def test_same_text_is_one_version():
    first, again = make_plan_version(), make_plan_version()
    other = make_plan_version(PLAN.replace("8 h", "6 h"))
    assert (first.pk, first.number, other.number) == (again.pk, 1, 2)


def test_plan_versions_cannot_be_changed_or_deleted():
    version = make_plan_version()
    for act in (lambda: PlanVersion.objects.filter(pk=version.pk).update(text="x"), version.delete):
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            act()


def test_bad_plan_names_line_and_nearest_word():
    with pytest.raises(Invalid) as refused:
        make_plan_version(PLAN.replace("ticket.responded", "ticket.respondd"))
    assert "ticket.responded" in refused.value.message
    assert PlanVersion.objects.count() == 0


def test_new_contract_records_and_enters_its_stage():
    contract = make_contract()
    assert verbs_of(contract) == ["contract.created", "contract.plan_applied", "contract.stage_entered"]
    assert loading.compiled(contract.pk).plan.name == "small-office"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"code": "有"}, "code"),
        ({"name": " "}, "name"),
        ({"ends_on": date(2000, 1, 1)}, "ends_on"),
        ({"starts_on": date(1900, 1, 1)}, "starts_on"),
        ({"time_zone": "Mars/Base"}, "time_zone"),
        ({"plan_version_id": 0}, "plan_version"),
        ({"customer_id": 0}, "customer"),
        ({"unit_id": 999999}, "unit"),
        ({"supervision_firm_id": 999999}, "supervision_firm"),
    ],
)
def test_bad_contract_is_refused_with_its_field(changes, field):
    with pytest.raises(Invalid) as refused:
        make_contract(**changes)
    assert list(refused.value.fields) == [field]
    assert Contract.objects.count() == 0


def test_code_is_taken_once():
    make_contract(code="gb")
    with pytest.raises(Conflict):
        make_contract(code="GB")


def test_milestone_moves_stages_and_enters_them():
    with clock.at(NOON):
        contract = make_contract(starts_on=date(2025, 1, 1), ends_on=date(2027, 12, 31))
        reach(contract, "final-acceptance", date(2026, 3, 1))
    stages = {row.name: row for row in ContractStage.objects.filter(contract=contract)}
    assert stages["technical-support"].ends_on == date(2026, 2, 28)
    assert stages["after-sales"].entered_at == NOON
    assert stages["post-warranty"].entered_at is None
    assert verbs_of(contract)[-2:] == ["contract.milestone_reached", "contract.stage_entered"]


def test_milestone_recorded_again_is_a_correction():
    contract = make_contract()
    today = clock.today("Asia/Shanghai")
    reach(contract, "final-acceptance", today)
    reach(contract, "final-acceptance", today - timedelta(days=1))
    assert verbs_of(contract)[-1] == "contract.milestone_corrected"
    assert queries.milestones_of(SYSTEM, contract.pk).get().happened_on == today - timedelta(days=1)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "nonsense"}, "name"),
        ({"signed_by_customer": " "}, "signed_by_customer"),
        ({"happened_on": date(2199, 1, 1)}, "happened_on"),
    ],
)
def test_bad_milestone_is_refused(changes, field):
    contract = make_contract()
    given = {
        "name": "final-acceptance",
        "happened_on": contract.starts_on,
        "signed_by_provider": "王",
        "signed_by_customer": "李",
    }
    with pytest.raises(Invalid) as refused:
        services.reach_milestone(actor=SYSTEM, contract_id=contract.pk, **given | changes)
    assert field in refused.value.fields


def test_gate_may_forbid_a_milestone(monkeypatch):
    contract = make_contract()
    asked: list[str] = []

    def refuse(request: gates.Request) -> list[gates.Refusal]:
        asked.append(request.act)
        return [gates.Refusal("x", "先移交文档")] if request.act == "contract.start_warranty" else []

    monkeypatch.setattr(gates, "_providers", [refuse])
    with pytest.raises(GateRefused, match="先移交文档"):
        reach(contract, "final-acceptance", contract.starts_on)
    assert asked == ["contract.reach_milestone", "contract.start_warranty"]


def test_stage_begins_by_itself_at_local_midnight():
    with clock.at(NOON):
        contract = make_contract(starts_on=date(2026, 4, 1), ends_on=date(2027, 3, 31))
        assert queries.stage_today(loading.compiled(contract.pk)) == ""
    midnight = datetime(2026, 3, 31, 16, tzinfo=UTC)
    with clock.at(midnight - timedelta(seconds=1)):
        enter_due_stages.run()
        assert "contract.stage_entered" not in verbs_of(contract)
    with clock.at(midnight + timedelta(minutes=3)):
        enter_due_stages.run()
        enter_due_stages.run()
    assert verbs_of(contract).count("contract.stage_entered") == 1
    assert (
        Event.objects.filter(verb="contract.stage_entered", contract_id=contract.pk).get().occurred_at
        == midnight
    )


def test_a_contract_whose_stages_fail_holds_up_no_other(monkeypatch, caplog):
    with clock.at(NOON):
        broken, sound = (
            make_contract(starts_on=date(2026, 4, 1), ends_on=date(2027, 3, 31)) for _ in range(2)
        )
    enter = stages._enter

    def entered(actor, contract):
        if contract.pk == broken.pk:
            raise ArithmeticError
        return enter(actor, contract)

    monkeypatch.setattr(stages, "_enter", entered)
    with clock.at(datetime(2026, 4, 1, tzinfo=UTC)):
        enter_due_stages.run()
        assert verbs_of(sound).count("contract.stage_entered") == 1
        assert f"the stages of contract {broken.pk} could not be begun" in caplog.text
        monkeypatch.undo()
        enter_due_stages.run()
    assert verbs_of(broken).count("contract.stage_entered") == 1


def test_events_of_a_contract_carry_stage_and_level():
    contract = make_contract(service_level="gold")
    services.change_contract(actor=SYSTEM, contract_id=contract.pk, desk_phone="12345")
    facts = Event.objects.filter(verb="contract.changed", contract_id=contract.pk).get().facts
    assert facts == {"field": "desk_phone", "stage": "technical-support", "service_level": "gold"}


def test_pinning_records_and_changes_the_rules_at_once():
    contract = make_contract()
    newer = make_plan_version(PLAN.replace("8 h", "6 h"))
    pinned = services.pin_plan_version(
        actor=SYSTEM, contract_id=contract.pk, plan_version_id=newer.pk, version=contract.version
    )
    assert loading.compiled(contract.pk).plan_version_id == newer.pk
    event = Event.objects.filter(verb="contract.plan_applied", contract_id=contract.pk).order_by("id").last()
    assert event is not None
    assert event.facts["plan_version"] == f"plan:{newer.pk}"
    with pytest.raises(Conflict):
        services.pin_plan_version(
            actor=SYSTEM,
            contract_id=contract.pk,
            plan_version_id=contract.plan_version_id,
            version=contract.version,
        )
    assert pinned.version > contract.version


def test_manager_cannot_pin_nor_reach_for_another_plan():
    contract = make_contract()
    other = make_plan_version(PLAN.replace("plan: small-office", "plan: other"))
    manager = actor_of(make_member(contract, Role.PROJECT_MANAGER).pk)
    with pytest.raises(NotAllowed):
        services.pin_plan_version(actor=manager, contract_id=contract.pk, plan_version_id=other.pk)
    with pytest.raises(NotAllowed):
        services.store_plan_version(actor=manager, text=PLAN.replace("plan: small-office", "plan: third"))


def test_plan_with_other_stages_replaces_them():
    contract = make_contract()
    text = PLAN.replace(
        "  technical-support: {title: {zh: 技术支持期, en: Technical support}",
        "  build: {title: {zh: 建设期, en: Build}",
    )
    services.pin_plan_version(
        actor=SYSTEM, contract_id=contract.pk, plan_version_id=make_plan_version(text).pk
    )
    names = list(queries.stages_of(SYSTEM, contract.pk).values_list("name", flat=True))
    assert names == ["build", "after-sales", "post-warranty"]


def test_membership_opens_and_closes_access():
    contract = make_contract()
    person = make_user()
    services.add_member(actor=SYSTEM, contract_id=contract.pk, user_id=person.pk, role="agent")
    actor = actor_of(person.pk)
    assert actor.scope.customers == frozenset({0, contract.customer_id})
    assert actor.contract_roles == {contract.pk: frozenset({"agent"})}
    before = User.objects.get(pk=person.pk).access_version
    services.remove_member(actor=SYSTEM, contract_id=contract.pk, user_id=person.pk, role="agent")
    assert User.objects.get(pk=person.pk).access_version == before + 1
    assert actor_of(person.pk).scope.customers == frozenset({0})


@pytest.mark.parametrize(
    ("days", "holds"), [((-1, 1), True), ((1, 2), False), ((-2, -1), False), ((0, 0), True)]
)
def test_membership_holds_on_its_days(days, holds):
    contract = make_contract()
    today = clock.today("Asia/Shanghai")
    first, last = (today + timedelta(days=offset) for offset in days)
    person = make_member(contract, Role.AGENT, starts_on=first, ends_on=last)
    assert bool(actor_of(person.pk).contract_roles) is holds
    assert queries.members(contract.pk, "agent") == ([person] if holds else [])


def test_roles_belong_to_their_side():
    contract = make_contract()
    inside, outside = make_user(), make_user(customer_id=contract.customer_id)
    stranger = make_user(customer_id=make_customer().pk)
    for user, role in ((inside, Role.LEADER), (outside, Role.AGENT), (stranger, Role.LEADER)):
        with pytest.raises(Invalid) as refused:
            services.add_member(actor=SYSTEM, contract_id=contract.pk, user_id=user.pk, role=role)
        assert list(refused.value.fields) == ["role"]


def test_customer_user_never_leaves_its_customer():
    contract = make_contract()
    person = make_member(contract, Role.IT_CONTACT, roles=["hq"])
    actor = actor_of(person.pk)
    assert (actor.scope.everything, actor.scope.customers) == (False, frozenset({contract.customer_id}))
    assert actor.roles == frozenset()


def test_site_of_another_customer_is_refused():
    contract = make_contract()
    with pytest.raises(Invalid):
        services.set_site_zone(actor=SYSTEM, contract_id=contract.pk, site_id=make_site(make_customer()).pk)


def test_many_sites_at_once():
    contract = make_contract()
    sites = [(make_site(contract.customer).pk, "call_out", area) for area in ("urban", "outer")]
    assert services.set_site_zones(actor=SYSTEM, contract_id=contract.pk, sites=sites) == 2
    assert services.set_site_zones(actor=SYSTEM, contract_id=contract.pk, sites=sites) == 0
    assert queries.zone_facts(SYSTEM, contract.pk, sites[1][0]) == {"zone": "outer", "zone_mode": "call_out"}


def test_responsibility_is_set_changed_and_struck():
    contract = make_contract()
    for duty in ("每月巡检", "每周巡检"):
        row = services.set_responsibility(
            actor=SYSTEM,
            contract_id=contract.pk,
            activity="巡检",
            provider_duty=duty,
            provider_role="field_engineer",
        )
    assert [line.provider_duty for line in queries.responsibilities_of(SYSTEM, contract.pk)] == ["每周巡检"]
    services.remove_responsibility(actor=SYSTEM, contract_id=contract.pk, responsibility_id=row.pk)
    assert queries.responsibilities_of(SYSTEM, contract.pk).count() == 0


def test_officers_do_no_business():
    contract = make_contract()
    for role in ("system_admin", "security_admin", "audit_admin"):
        officer = actor_of(make_user(roles=[role]).pk)
        with pytest.raises((NotAllowed, NotFound)):
            services.change_contract(actor=officer, contract_id=contract.pk, name="x")
        with pytest.raises(NotAllowed):
            services.store_plan_version(actor=officer, text=PLAN)


def test_guess_prefers_the_contract_that_serves_the_site():
    customer = make_customer()
    older, newer = (make_contract(customer=customer, starts_on=date(2025, 1, day)) for day in (1, 2))
    site = make_site(customer)
    below = make_site(customer, parent=site)
    assert queries.contract_for(SYSTEM, customer.pk) == newer
    services.set_site_zone(actor=SYSTEM, contract_id=older.pk, site_id=site.pk)
    assert queries.contract_for(SYSTEM, customer.pk, below.pk) == older
    assert queries.contract_for(SYSTEM, make_customer().pk) is None


def test_expiries_name_contract_warranty_and_membership():
    today = clock.today("Asia/Shanghai")
    contract = make_contract(ends_on=today + timedelta(days=40), starts_on=today - timedelta(days=400))
    reach(contract, "final-acceptance", today - timedelta(days=350))
    make_member(contract, Role.AGENT, ends_on=today - timedelta(days=3))
    found = [(entry.kind, entry.days_left) for entry in queries.expiries(SYSTEM)]
    assert found == [("membership", -3), ("warranty", 14), ("contract", 40)]


def test_areas_are_the_words_of_the_plan():
    text = PLAN.replace(
        "scales:\n", "scales:\n  zone: {village: {zh: 乡镇, en: Village}, city: {zh: 城区, en: City}}\n"
    )
    contract = make_contract(text=text)
    site = make_site(contract.customer)
    assert queries.areas(queries.compiled(contract.pk), "en") == [("village", "Village"), ("city", "City")]
    with pytest.raises(Invalid) as refused:
        services.set_site_zone(actor=SYSTEM, contract_id=contract.pk, site_id=site.pk, area="urban")
    assert list(refused.value.fields) == ["area"]
    services.set_site_zone(actor=SYSTEM, contract_id=contract.pk, site_id=site.pk, area="village")
    assert queries.zone_facts(SYSTEM, contract.pk, site.pk)["zone"] == "village"
    assert [word for word, _said in queries.areas(queries.compiled(make_contract().pk), "en")] == [
        "urban",
        "outer",
    ]


def test_a_contract_whose_days_would_let_stages_overlap_is_not_set_up():
    text = PLAN.replace(
        "from: contract.start, until: final-acceptance", "from: contract.start, until: contract.end"
    ).replace("from: final-acceptance, until: warranty.end", "from: 1 year after contract.start")
    values = {"text": text, "starts_on": date(2026, 1, 1)}
    with pytest.raises(Invalid) as refused:
        make_contract(**values, ends_on=date(2027, 6, 30))
    assert list(refused.value.fields) == ["starts_on"]
    assert "2027-01-01" in str(refused.value.fields["starts_on"][0])
    assert make_contract(**values, ends_on=date(2026, 12, 31)).pk


@pytest.mark.parametrize(
    ("giver", "role", "may"),
    [
        (Role.SERVICE_SUPERVISOR, Role.PROJECT_MANAGER, False),
        (Role.SERVICE_SUPERVISOR, Role.SERVICE_MANAGER, False),
        (Role.SERVICE_SUPERVISOR, Role.FIELD_ENGINEER, True),
        (Role.PROJECT_MANAGER, Role.SERVICE_MANAGER, False),
        (Role.PROJECT_MANAGER, Role.PROJECT_MANAGER, True),
        (Role.SERVICE_MANAGER, Role.SERVICE_MANAGER, True),
    ],
)
def test_nobody_gives_or_takes_a_role_that_decides_more_than_he_may(giver, role, may):
    contract = make_contract()
    actor = actor_of(make_member(contract, giver).pk)
    holder = make_member(contract, role)
    given = {"actor": actor, "contract_id": contract.pk, "role": str(role)}
    if may:
        services.add_member(**given, user_id=make_user().pk)
        services.remove_member(**given, user_id=holder.pk)
        return
    with pytest.raises(Invalid) as refused:
        services.add_member(**given, user_id=actor.user_id)
    assert list(refused.value.fields) == ["role"]
    with pytest.raises(NotAllowed):
        services.remove_member(**given, user_id=holder.pk)
