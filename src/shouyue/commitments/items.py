"""Things of which a recurring promise covers each: sites and people here; modules above register theirs.

A sort of thing has the name plans use (`covers: {item: site}`) and the type by which events name it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from shouyue.contracts.queries import compiled
from shouyue.kernel import clock

from . import cases
from .cases import Label


@dataclass(frozen=True, slots=True)
class Item:
    """One covered thing. id: of its record; facts: by which plans choose."""

    id: int
    facts: Mapping[str, Any] = field(default_factory=dict)


Source = Callable[[int], Sequence[Item]]

_sources: dict[str, Source] = {}


def register(name: str, source: Source, labels: cases.Labels | None = None) -> None:
    """Make a sort of thing known. source: contract id → its things now; labels: how they are called."""
    _sources[name] = source
    cases.register(name, labels=labels)


def items_of(name: str, contract_id: int) -> Sequence[Item]:
    """The things of a sort that a contract covers now; none when nobody registered the sort. Queries: the source's."""
    source = _sources.get(name)
    return source(contract_id) if source else ()


def chosen(name: str, contract_id: int, is_meant: Callable[[Mapping[str, Any]], bool]) -> list[Item]:
    """Of the things of a sort those whose facts are meant, each once. Queries: the source's."""
    found: dict[int, Item] = {}
    for item in items_of(name, contract_id):
        if item.id not in found and is_meant(item.facts):
            found[item.id] = item
    return list(found.values())


def sites(contract_id: int) -> list[Item]:
    """The contract's own sites with their zones. Queries: those of `compiled`."""
    rules = compiled(contract_id)
    return [
        Item(site_id, {"site": site_id, "zone": zone.area, "zone_mode": zone.mode})
        for site_id, zone in sorted(rules.sites.items())
    ]


_PEOPLE = """
SELECT DISTINCT m.user_id, m.role FROM contracts_membership m JOIN accounts_user u ON u.id = m.user_id
WHERE m.contract_id = %(contract)s AND u.is_active AND m.role NOT LIKE 'customer.%%' AND m.role <> 'supervision_firm'
  AND (m.starts_on IS NULL OR m.starts_on <= %(today)s) AND (m.ends_on IS NULL OR m.ends_on >= %(today)s)
ORDER BY m.user_id, m.role
"""


def people(contract_id: int) -> list[Item]:
    """The provider's people on the contract today, each once for every role he holds. Queries: one."""
    today = clock.today(compiled(contract_id).zone)
    with connection.cursor() as cursor:
        cursor.execute(_PEOPLE, {"contract": contract_id, "today": today})
        return [Item(user, {"person": user, "role": role}) for user, role in cursor.fetchall()]


def _labels(sql: str) -> cases.Labels:
    def labels(ids: Sequence[int]) -> Mapping[int, Label]:
        with connection.cursor() as cursor:
            cursor.execute(sql, [list(ids)])
            return {number: Label(name, title or "") for number, name, title in cursor.fetchall()}

    return labels


def declare() -> None:
    """Called once, at start-up."""
    register("site", sites, _labels("SELECT id, name, address FROM parties_site WHERE id = ANY(%s)"))
    register("person", people, _labels("SELECT id, name, '' FROM accounts_user WHERE id = ANY(%s)"))
    cases.register(
        "contract", labels=_labels("SELECT id, code, name FROM contracts_contract WHERE id = ANY(%s)")
    )
