"""Acts that were recorded although nobody had asked the gates before them: somebody went round the services.

Read from the events alone. A gate's pass stands in the thread of a case before the act it let through, and after the
act before that; an act without such a pass was recorded by SQL, or by a program that asked nobody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from shouyue.commitments import books
from shouyue.commitments.models import Commitment
from shouyue.commitments.rules.happenings import Happening
from shouyue.contracts import vocabulary
from shouyue.contracts.plan_language.match import match_facts
from shouyue.contracts.plan_language.model import Gate
from shouyue.contracts.rules import acts_of_milestone
from shouyue.kernel import events, gates
from shouyue.kernel.verification import Finding

from . import gating, past

PASSED, BYPASSED, APPLIED = "gate.passed", "gate.bypassed", "contract.plan_applied"
BEFORE = timedelta(hours=1)
"""A pass is as old as its act, but for the time its transaction takes."""
_AT_ONCE = 5000

_EVENTS = f"""
SELECT {past.COLUMNS} FROM kernel_event e
WHERE e.contract_id = ANY(%s) AND e.verb = ANY(%s) AND e.recorded_at >= %s ORDER BY e.id
"""  # noqa: S608 - constants
_APPLIED = """
SELECT contract_id, id, substr(facts->>'plan_version', 6)::bigint FROM kernel_event
WHERE contract_id = ANY(%s) AND verb = 'contract.plan_applied' ORDER BY id
"""


@dataclass(frozen=True, slots=True)
class Unasked:
    """An act whose gate was not asked. event: what tells of the act; is_noted: the register says so already."""

    event: Happening
    act: str
    commitment: str
    is_noted: bool


def unasked(since: datetime | None = None) -> list[Unasked]:
    """What was done without asking, since a time or ever. Queries: three, and the plans of contracts with gates."""
    contracts = list(
        Commitment.objects.filter(kind="gate").values_list("contract_id", flat=True).order_by().distinct()
    )
    told = gates.told_acts()
    found: dict[tuple[int, str], tuple[Happening, str]] = {}
    noted: set[tuple[int, str]] = set()
    passed: dict[tuple[str, int], set[tuple[str, str]]] = defaultdict(set)
    plans = _plans(contracts)
    for event in _events(contracts, [*told, PASSED, BYPASSED], since):
        said = (str(event.facts.get("act")), str(event.facts.get("commitment")))
        if event.verb == PASSED:
            passed[event.case].add(said)
        elif event.verb == BYPASSED:
            noted.add((int(str(event.facts.get("act_event")).rpartition(":")[2]), said[1]))
        else:
            for act in told[event.verb]:
                for gate in _gates_before(act, event, plans):
                    if (act, gate.name) not in passed[event.case]:
                        found[event.id, gate.name] = (event, act)
                passed[event.case] -= {one for one in passed[event.case] if one[0] == act}
    return [
        Unasked(event, act, name, is_noted=(number, name) in noted)
        for (number, name), (event, act) in found.items()
        if since is None or event.recorded_at is None or event.recorded_at >= since
    ]


def note(since: datetime) -> int:
    """Write down in the register what was done without asking, once each: the gate is missed. Returns how many."""
    fresh = [one for one in unasked(since) if not one.is_noted]
    for one in fresh:
        gating.record_bypass(one.event, one.act, one.commitment)
    return len(fresh)


def findings() -> list[Finding]:
    """The same for `shouyue verify` and the page of the check."""
    return [
        Finding(
            "unasked",
            f"{one.event.subject[0]}:{one.event.subject[1]}",
            None,
            one.event.id,
            f"event {one.event.id} tells of {one.act} in {one.event.case[0]}:{one.event.case[1]}, "
            f"but the gate {one.commitment} was not asked",
        )
        for one in unasked()
    ]


def _events(contracts: list[int], verbs: list[str], since: datetime | None) -> Iterator[Happening]:
    first = datetime(1970, 1, 1).astimezone() if since is None else since - BEFORE
    with connection.chunked_cursor() as cursor:  # the check of all times reads more than memory holds
        cursor.execute(_EVENTS, [contracts, verbs, first])
        while rows := cursor.fetchmany(_AT_ONCE):
            yield from map(past.happening, rows)


def _plans(contracts: list[int]) -> dict[int, list[tuple[int, int]]]:
    """By contract: from which event on which plan version was in force, in order."""
    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_APPLIED, [contracts])
        for contract_id, event_id, version in cursor.fetchall():
            found[contract_id].append((event_id, version))
    return found


def _gates_before(act: str, event: Happening, plans: dict[int, list[tuple[int, int]]]) -> list[Gate]:
    """The gates of an act that its event shows to have been meant; what it cannot show is left out."""
    contract_id = event.contract_id or 0
    versions = [version for number, version in plans.get(contract_id, ()) if number < event.id]
    book = books.readable(contract_id, versions[-1]) if versions else None
    if book is None:
        return []
    milestone = event.facts.get("milestone")
    if milestone is not None and act not in acts_of_milestone(book.plan, str(milestone)):
        return []  # the warranty starts with one milestone of several
    told = {*(vocabulary.current().verbs.get(event.verb) or ()), *events.common_facts()}
    shown = told - gates.changed_by(act)
    return [
        gate
        for gate in book.gates.get(act, ())
        if _looks_at(gate) <= shown and book.applies(gate, event.facts)
    ]


def _looks_at(gate: Gate) -> frozenset[str]:
    """The facts that decide whether a gate stands before an act at all."""
    return match_facts(gate.when) | ({"stage"} if gate.stages else frozenset())
