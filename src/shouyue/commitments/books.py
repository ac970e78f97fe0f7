"""The book of a contract: its plan indexed by verb, kept per process for as long as the contract stands unchanged."""

from __future__ import annotations

import copy
import logging
from functools import partial

from django.db import connection

from shouyue.contracts import calendars_of, vocabulary
from shouyue.contracts.plan_language.uses import requirement_uses
from shouyue.contracts.queries import compiled, plan_of
from shouyue.contracts.rules import ContractRules
from shouyue.kernel.errors import NotFound, ShouyueError
from shouyue.servicetime import ServiceCalendar

from . import cases
from .rules.book import Book

_plans: dict[tuple[int, frozenset[str]], Book] = {}
_contracts: dict[int, tuple[int, Book, tuple[Book, ...]]] = {}
_log = logging.getLogger(__name__)

_VERSIONS = """
SELECT DISTINCT substr(facts->>'plan_version', 6)::bigint FROM kernel_event
WHERE subject_type = 'contract' AND subject_id = %s AND verb = 'contract.plan_applied'
"""


def current(contract_id: int) -> Book:
    """The book by which a contract runs now. Raises: NotFound. Queries: those of `compiled`, two when it changed."""
    return _known(contract_id)[1]


def all_of(contract_id: int) -> tuple[Book, ...]:
    """The current book, and those of earlier plan versions, to which older obligations are pinned."""
    _, book, older = _known(contract_id)
    return (book, *older)


def guards_before(contract_id: int, act: str) -> frozenset[str]:
    """The guards a contract's gates may ask before an act; none without a plan. Queries: as `current`."""
    try:
        gates = current(contract_id).gates.get(act, ())
    except NotFound:
        return frozenset()
    return frozenset(
        use.word for gate in gates for use in requirement_uses(gate.requires, "", ()) if use.sort == "guard"
    )


def pinned(contract_id: int, plan_version_id: int) -> Book:
    """The book of a contract under one plan version. Raises: NotFound."""
    _, book, older = _known(contract_id)
    for one in (book, *older):
        if one.plan_version_id == plan_version_id:
            return one
    return _of_contract(compiled(contract_id), plan_version_id)


def readable(contract_id: int, plan_version_id: int) -> Book | None:
    """As `pinned`; None when nothing more can be done about what is pinned to it: its plan cannot be read any more."""
    try:
        return pinned(contract_id, plan_version_id)
    except ShouyueError:
        return None


def of_plan(plan_version_id: int) -> Book:
    """A plan version's book without a contract, for look-ups."""
    key = (plan_version_id, vocabulary.rebinding_verbs())
    book = _plans.get(key)
    if book is None:
        book = Book(
            contract_id=0,
            customer_id=0,
            plan_version_id=plan_version_id,
            plan=plan_of(plan_version_id),
            calendar=partial(_calendar, plan_version_id),
            rebinding=key[1],
            closing=cases.closing_verbs(),
            scales=vocabulary.current().scales,
        )
        _plans[key] = book
    return book


def _known(contract_id: int) -> tuple[int, Book, tuple[Book, ...]]:
    rules = compiled(contract_id)
    known = _contracts.get(contract_id)
    if known is None or known[0] != rules.version or known[1].rebinding != vocabulary.rebinding_verbs():
        with connection.cursor() as cursor:
            cursor.execute(_VERSIONS, [contract_id])
            versions = [row[0] for row in cursor.fetchall() if row[0] not in (None, rules.plan_version_id)]
        book = _of_contract(rules, rules.plan_version_id)
        older = []
        for version in versions:
            try:
                older.append(_of_contract(rules, version))
            except (
                ShouyueError
            ):  # a version this release cannot read any more: its obligations stay as they are
                _log.warning("contract %s: plan version %s cannot be read", contract_id, version)
        known = (rules.version, book, tuple(older))
        _contracts[contract_id] = known
    return known


def _of_contract(rules: ContractRules, plan_version_id: int) -> Book:
    book = copy.copy(of_plan(plan_version_id))
    book.contract_id = rules.contract_id
    book.customer_id = rules.customer_id
    book.calendar = partial(_calendar, plan_version_id, customer_id=rules.customer_id)
    book.dates = rules.dates
    return book


def _calendar(plan_version_id: int, window: str, customer_id: int | None = None) -> ServiceCalendar:
    try:
        return calendars_of.calendar_of_plan(plan_version_id, window, customer_id)
    except NotFound:
        return calendars_of.calendar_of_plan(plan_version_id, calendars_of.ALWAYS)
