"""Two customers whose contracts look alike: neither wall lets one reach the other's."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from shouyue.accounts.queries import actor_of
from shouyue.contracts import queries
from shouyue.contracts.choices import Role
from shouyue.contracts.models import (
    Contract,
    ContractSite,
    ContractStage,
    Membership,
    Milestone,
    Responsibility,
)
from shouyue.contracts.services import set_responsibility
from shouyue.contracts.tests.factories import make_contract, make_contract_site, make_member, make_site, reach
from shouyue.kernel.actor import SYSTEM
from shouyue.kernel.errors import NotFound
from shouyue.kernel.scope import Scope, acting_in

pytestmark = pytest.mark.django_db
MODELS: tuple[Any, ...] = (Contract, ContractSite, ContractStage, Membership, Milestone, Responsibility)


@pytest.fixture
def pair() -> tuple[Contract, Contract]:
    """Two contracts with the same name, sites, members and milestones."""
    made = []
    for _n in range(2):
        contract = make_contract(name="政府大楼运维")
        make_contract_site(contract, site=make_site(contract.customer, name="主楼"))
        make_member(contract, Role.LEADER, name="李主任")
        reach(contract, "final-acceptance", contract.starts_on)
        set_responsibility(actor=SYSTEM, contract_id=contract.pk, activity="巡检")
        made.append(contract)
    return made[0], made[1]


def test_queries_show_own_rows_only(pair):
    own, other = pair
    for person in (make_member(own, Role.LEADER), make_member(own, Role.AGENT)):
        actor = actor_of(person.pk)
        assert list(queries.contracts_visible_to(actor)) == [own]
        for read in (
            queries.sites_of,
            queries.memberships_of,
            queries.milestones_of,
            queries.responsibilities_of,
        ):
            assert read(actor, own.pk).exists()
            assert not read(actor, other.pk).exists()
        with pytest.raises(NotFound):
            queries.contract_of(actor, other.code)


def test_second_contract_of_the_same_customer_is_closed_to_non_members(pair):
    own, _other = pair
    second = make_contract(customer=own.customer)
    actor = actor_of(make_member(own, Role.LEADER).pk)
    assert list(queries.contracts_visible_to(actor)) == [own]
    assert not queries.stages_of(actor, second.pk).exists()


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_database_hides_other_customers_rows(pair, model):
    own, _other = pair
    assert model.objects.values("customer_id").distinct().count() == 2
    with acting_in(Scope(customers=frozenset({own.customer_id}))):
        assert set(model.objects.values_list("customer_id", flat=True)) == {own.customer_id}
    with acting_in(Scope()):
        assert model.objects.count() == 0


def test_foreign_keys_do_not_cross_the_wall(pair):
    own, other = pair
    foreign = ContractSite.objects.get(contract=other).site_id
    with (
        acting_in(Scope(customers=frozenset({own.customer_id}))),
        pytest.raises(DatabaseError),
        transaction.atomic(),
    ):
        ContractSite.objects.create(customer_id=own.customer_id, contract=own, site_id=foreign)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_rows_of_another_customer_cannot_be_written(pair):
    own, other = pair
    with acting_in(Scope(customers=frozenset({own.customer_id}))):
        assert Contract.objects.filter(pk=other.pk).update(name="x") == 0
        with pytest.raises(DatabaseError), transaction.atomic():
            Milestone.objects.create(
                customer_id=other.customer_id,
                contract_id=other.pk,
                name="x",
                happened_on=other.starts_on,
                recorded_at=other.created_at,
            )
