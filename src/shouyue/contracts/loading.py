"""Compiled plans and contracts, kept per process and never stale.

A plan version never changes, so its compiled form is kept for ever. A contract carries a `version` drawn from a
sequence with every change of it or its parts; the number is never used twice, not even by a change that is
rolled back. Each transaction reads that number once (one look-up by primary key) and takes the kept rules when
they carry it; otherwise one statement reads the contract with its milestones and sites. So a change committed by
any process holds in the next transaction of every other, and within one transaction a contract's rules stand still.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from datetime import date
from types import MappingProxyType
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction

from shouyue.calendars import queries as calendars
from shouyue.contracts.plan_language.compiled import StoredPlanError, from_json
from shouyue.contracts.plan_language.match import ranks_of
from shouyue.contracts.plan_language.model import Plan
from shouyue.contracts.plan_language.parse import parse_text
from shouyue.contracts.rules import ContractRules, SiteZone, contract_dates, stage_dates, warranty_terms
from shouyue.kernel import scope
from shouyue.kernel.errors import Invalid, NotFound

_plans: dict[int, Plan] = {}
_rules: dict[int, ContractRules] = {}
_reading = threading.Lock()


class _Seen:
    """What this transaction knows; lives in the connection's on-commit list and so ends with the transaction."""

    def __init__(self) -> None:
        self.rules: dict[tuple[int, scope.Scope | None], ContractRules] = {}
        self.changed: set[int] = set()

    def __call__(self) -> None:
        """Nothing is left to do when the transaction commits."""


def plan_of(plan_version_id: int) -> Plan:
    """The compiled plan of a version. Raises: NotFound; Invalid when this release cannot read it any more.

    Queries: none, one when this process has not seen the version yet.
    """
    plan = _plans.get(plan_version_id)
    if plan is None:
        with _reading:
            plan = _plans.get(plan_version_id) or _read_plan(plan_version_id)
    return plan


def remember_plan(plan_version_id: int, plan: Plan) -> None:
    """Keep a plan that was compiled when it was stored."""
    _plans[plan_version_id] = plan


_PLAN = "SELECT plan, number, text, compiled::text FROM contracts_planversion WHERE id = %s"


def _read_plan(plan_version_id: int) -> Plan:
    """The stored compiled form; when another release wrote it, the text is compiled again."""
    with connection.cursor() as cursor:
        cursor.execute(_PLAN, [plan_version_id])
        row = cursor.fetchone()
    if row is None:
        raise NotFound
    name, number, text, stored = row
    try:
        plan: Plan | None = from_json(json.loads(stored))
    except StoredPlanError:
        parsed = parse_text(text, file=f"{name}-v{number}.yaml")
        plan = parsed.plan
    if plan is None:
        raise Invalid("\n".join(problem.line_of_text() for problem in parsed.errors))
    return _plans.setdefault(plan_version_id, plan)


def compiled(contract_id: int, version: int | None = None) -> ContractRules:
    """The contract's rules. version: the row's, when the caller has just read it. Raises: NotFound.

    Queries: none when the version is given or was read in this transaction, else one.
    """
    if version is not None:
        return _kept(contract_id, version)
    seen = _seen()
    key = (contract_id, scope.current())
    rules = seen.rules.get(key)
    if rules is None or contract_id in seen.changed:
        rules = seen.rules[key] = _kept(contract_id, _version(contract_id))
    return rules


STAMP_SQL = f"contracts_contract.version, {calendars.STATE_SQL}"
"""What another statement that finds a contract may read for `compiled_at`."""
_VERSIONS = f"SELECT id, {STAMP_SQL} FROM contracts_contract WHERE id = ANY(%s)"  # noqa: S608


def compiled_at(contract_id: int, version: int, state: int) -> ContractRules:
    """`compiled`, without its query, by the stamp that another statement has just read."""
    seen = _seen()
    key = (contract_id, scope.current())
    if key not in seen.rules or contract_id in seen.changed:
        calendars.learn_state(state)
        seen.rules[key] = _kept(contract_id, version)
    return seen.rules[key]


def read_ahead(contract_ids: Iterable[int]) -> None:
    """Make `compiled` free for these contracts in this transaction; those not visible are left out.

    Queries: one, none when all are known already.
    """
    seen, here = _seen(), scope.current()
    wanted = {pk for pk in contract_ids if (pk, here) not in seen.rules or pk in seen.changed}
    if not wanted or not connection.in_atomic_block:
        return
    with connection.cursor() as cursor:
        cursor.execute(_VERSIONS, [sorted(wanted)])
        for contract_id, version, state in cursor.fetchall():
            compiled_at(contract_id, int(version), int(state))


def _kept(contract_id: int, version: int) -> ContractRules:
    rules = _rules.get(contract_id)
    if rules is None or rules.version != version:
        rules = _rules[contract_id] = _load(contract_id)
    return rules


def mark_changed(contract_id: int) -> int:
    """Give the contract a new version after a change to it or its parts. Locks: the contract's row."""
    _seen().changed.add(contract_id)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE contracts_contract SET version = nextval('contracts_version_seq') WHERE id = %s RETURNING version",
            [contract_id],
        )
        row = cursor.fetchone()
    if row is None:
        raise NotFound
    return int(row[0])


_VERSION = f"SELECT {STAMP_SQL} FROM contracts_contract WHERE id = %s"  # noqa: S608 - constants


def _version(contract_id: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_VERSION, [contract_id])
        row = cursor.fetchone()
    if row is None:
        raise NotFound
    calendars.learn_state(int(row[1]))
    return int(row[0])


def _seen() -> _Seen:
    held = connections[DEFAULT_DB_ALIAS]  # past the proxy: this is asked ten times in a request
    if not held.in_atomic_block:
        return _Seen()
    for entry in held.run_on_commit:
        if isinstance(entry[1], _Seen):
            return entry[1]
    seen = _Seen()
    transaction.on_commit(seen)
    return seen


_LOAD = """
SELECT c.id, c.customer_id, c.code, c.version, c.plan_version_id, c.time_zone, c.service_level, c.starts_on, c.ends_on,
       c.is_active,
       (SELECT array_agg(m.name || '=' || m.happened_on::text) FROM contracts_milestone m WHERE m.contract_id = c.id),
       (SELECT array_agg(s.site_id::text || '=' || s.area || '=' || s.mode)
          FROM contracts_contractsite s WHERE s.contract_id = c.id)
FROM contracts_contract c WHERE c.id = %s
"""


def _load(contract_id: int) -> ContractRules:
    """Everything in one statement, so that no change of another transaction is seen by half."""
    with connection.cursor() as cursor:
        cursor.execute(_LOAD, [contract_id])
        row = cursor.fetchone()
    if row is None:
        raise NotFound
    return build_rules(row[:10], dict(text.split("=", 1) for text in row[10] or ()), row[11] or ())


def build_rules(head: tuple[Any, ...], milestones: dict[str, str], sites: Any) -> ContractRules:
    """Put a contract's rules together; milestones: name → ISO day; sites: `id=area=mode`."""
    contract_id, customer_id, code, version, plan_version_id, zone, level, starts_on, ends_on, is_active = (
        head
    )
    plan = plan_of(plan_version_id)
    reached = {name: date.fromisoformat(day) for name, day in milestones.items()}
    dates = contract_dates(plan, starts_on=starts_on, ends_on=ends_on, milestones=reached)
    return ContractRules(
        contract_id=contract_id,
        customer_id=customer_id,
        code=code,
        version=version,
        plan_version_id=plan_version_id,
        plan=plan,
        zone=zone,
        service_level=level,
        starts_on=starts_on,
        ends_on=ends_on,
        is_active=is_active,
        dates=MappingProxyType(dates),
        stages=stage_dates(plan, dates),
        warranty=warranty_terms(plan, dates),
        ranks=ranks_of(plan),
        sites=MappingProxyType(
            {int(i): SiteZone(area, mode) for i, area, mode in (s.split("=") for s in sites)}
        ),
    )
