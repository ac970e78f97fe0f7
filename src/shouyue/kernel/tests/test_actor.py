from dataclasses import replace

import pytest

from shouyue.kernel.actor import SYSTEM, Actor, job_actor
from shouyue.kernel.errors import NotAllowed
from shouyue.kernel.scope import Scope

ENGINEER = Actor(
    kind="user",
    id=5,
    name="李工",
    scope=Scope(customers=frozenset({1})),
    contract_roles={3: frozenset({"field_engineer"})},
)


def test_roles_hold_globally_or_in_one_contract():
    assert ENGINEER.has_role("field_engineer", contract_id=3)
    assert not ENGINEER.has_role("field_engineer", contract_id=4)
    assert ENGINEER.has_role("field_engineer")
    assert replace(ENGINEER, roles=frozenset({"hq"})).has_role("hq", contract_id=4)


def test_require_role_lets_jobs_pass_and_refuses_others():
    job_actor("x").require_role("hq")
    SYSTEM.require_role("hq")
    with pytest.raises(NotAllowed):
        ENGINEER.require_role("project_manager", contract_id=3)


def test_a_token_needs_its_scope():
    ENGINEER.require_token_scope("tickets:write")
    with pytest.raises(NotAllowed):
        replace(ENGINEER, kind="token", token_scopes=frozenset()).require_token_scope("tickets:write")


def test_contracts_are_all_or_those_of_membership():
    assert SYSTEM.contracts is None
    assert ENGINEER.contracts == {3}
