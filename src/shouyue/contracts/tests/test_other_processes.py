"""A change committed elsewhere holds in this process's next transaction."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection

from shouyue.contracts import loading, services
from shouyue.contracts.tests.factories import PLAN, make_contract, make_plan_version
from shouyue.kernel.actor import SYSTEM
from shouyue.kernel.scope import EVERYTHING, acting_in

pytestmark = pytest.mark.django_db(transaction=True)


def elsewhere(act: Any, **arguments: Any) -> None:
    """Run a service on another connection, as another process would, and commit."""

    def run() -> None:
        try:
            with acting_in(EVERYTHING):
                act(actor=SYSTEM, **arguments)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


def test_new_plan_holds_from_the_next_transaction():
    with acting_in(EVERYTHING):
        contract = make_contract()
        newer = make_plan_version(PLAN.replace("8 h", "6 h"))
    with acting_in(EVERYTHING):
        assert loading.compiled(contract.pk).plan_version_id == contract.plan_version_id
        elsewhere(services.pin_plan_version, contract_id=contract.pk, plan_version_id=newer.pk)
        assert loading.compiled(contract.pk).plan_version_id == contract.plan_version_id
    with acting_in(EVERYTHING):
        assert loading.compiled(contract.pk).plan_version_id == newer.pk


def test_undone_change_of_this_process_leaves_no_trace():
    with acting_in(EVERYTHING):
        contract = make_contract()
    with pytest.raises(RuntimeError), acting_in(EVERYTHING):
        services.change_contract(actor=SYSTEM, contract_id=contract.pk, service_level="gold")
        assert loading.compiled(contract.pk).service_level == "gold"
        raise RuntimeError
    elsewhere(services.change_contract, contract_id=contract.pk, service_level="silver")
    with acting_in(EVERYTHING):
        assert loading.compiled(contract.pk).service_level == "silver"
