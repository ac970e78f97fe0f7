"""Compiled contracts: one look-up per transaction, never stale."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from shouyue.contracts import loading, queries, services
from shouyue.contracts.tests.factories import make_contract, make_contract_site, make_site
from shouyue.kernel.actor import SYSTEM
from shouyue.kernel.errors import NotFound
from shouyue.kernel.scope import Scope, acting_in

pytestmark = pytest.mark.django_db


def test_second_look_costs_no_query(django_assert_num_queries):
    contract = make_contract()
    loading.compiled(contract.pk)
    connection.run_on_commit.clear()  # as if another transaction had begun
    with django_assert_num_queries(1):
        first = loading.compiled(contract.pk)
    with django_assert_num_queries(0):
        assert loading.compiled(contract.pk) is first
    with django_assert_num_queries(0):
        assert loading.compiled(contract.pk, version=first.version) is first


def test_change_shows_at_once():
    contract = make_contract()
    before = loading.compiled(contract.pk)
    services.change_contract(actor=SYSTEM, contract_id=contract.pk, service_level="gold")
    after = loading.compiled(contract.pk)
    assert (before.service_level, after.service_level) == ("", "gold")
    assert after.version > before.version


def test_undone_change_is_forgotten():
    contract = make_contract()
    with pytest.raises(RuntimeError), transaction.atomic():
        services.change_contract(actor=SYSTEM, contract_id=contract.pk, service_level="gold")
        assert loading.compiled(contract.pk).service_level == "gold"
        raise RuntimeError
    assert loading.compiled(contract.pk).service_level == ""


def test_version_is_never_used_twice():
    contract = make_contract()
    with pytest.raises(RuntimeError), transaction.atomic():
        undone = loading.mark_changed(contract.pk)
        raise RuntimeError
    assert loading.mark_changed(contract.pk) > undone


def test_other_customers_contract_is_not_found():
    contract, other = make_contract(), make_contract()
    loading.compiled(contract.pk)
    with acting_in(Scope(customers=frozenset({other.customer_id}))), pytest.raises(NotFound):
        loading.compiled(contract.pk)


def test_zone_facts_of_own_site_and_below(django_assert_num_queries):
    contract = make_contract()
    row = make_contract_site(contract, area="outer", mode="call_out")
    below = make_site(contract.customer, parent=row.site)
    stranger = make_site(contract.customer)
    loading.compiled(contract.pk)
    assert queries.zone_facts(SYSTEM, contract.pk, row.site_id) == {"zone": "outer", "zone_mode": "call_out"}
    assert queries.zone_facts(SYSTEM, contract.pk, below.pk) == {"zone": "outer", "zone_mode": "call_out"}
    assert queries.zone_facts(SYSTEM, contract.pk, stranger.pk) == {}
    assert queries.zone_facts(SYSTEM, contract.pk, None) == {}
