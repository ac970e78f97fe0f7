"""Gates: an act is refused until the contract's condition is met; every pass and refusal leaves its trace."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.utils import translation
from django.utils.functional import lazy
from django.utils.translation import gettext, gettext_lazy

from shouyue.commitments import books
from shouyue.commitments.queries import measuring
from shouyue.commitments.rules.book import Book
from shouyue.commitments.rules.happenings import Happening, Obligation
from shouyue.contracts import vocabulary
from shouyue.contracts.choices import Role
from shouyue.contracts.enricher import enrich
from shouyue.contracts.plan_language.match import shift
from shouyue.contracts.plan_language.model import (
    All,
    AnyOf,
    Attested,
    FactHolds,
    Gate,
    Guard,
    MeasureHolds,
    Not,
    Requirement,
    Since,
    Unset,
    WithinWindow,
)
from shouyue.kernel import clock, events, gates
from shouyue.kernel.actor import SYSTEM
from shouyue.kernel.errors import NotFound
from shouyue.kernel.gates import Refusal, Request
from shouyue.kernel.scope import EVERYTHING, acting_in

from . import storage
from .names import names_of

_refusals: ContextVar[tuple[Held, ...]] = ContextVar("refused_gates", default=())


@dataclass(frozen=True, slots=True)
class Held:
    """A gate that held an act back, to be recorded once the failed change is undone."""

    request: Request
    commitment: str


def provide(request: Request) -> list[Refusal]:
    """What the contract's gates have against an act."""
    return [refusal for _, missing in _against(request) for refusal in missing]


def witness(request: Request, refusals: list[Refusal]) -> None:
    """Record how the gates of an act went: passes now, refusals when `record_refusals` is called."""
    found = _against(request)
    held = [gate for gate, missing in found if missing]
    for gate in held:
        _refusals.set((*_refusals.get(), Held(request, gate.name)))
    if refusals or held:
        return
    for gate in _gates_for(request):
        broken = gate.otherwise == "record breach" and _missing(request, gate) != []
        _record(request, gate.name, "missed" if broken else "kept")


def foreseen(request: Request) -> list[tuple[Refusal, bool]]:
    """What an act would still want, each with whether doing it all the same is a recorded breach.

    Asked before the act, so that nobody breaks a promise unawares; records nothing.
    """
    return [
        (missing, gate.otherwise == "record breach")
        for gate in _gates_for(request)
        for missing in _missing(request, gate)
    ]


def record_refusals() -> int:
    """Record the refusals of this unit of work; call it when the refused change has been rolled back."""
    held, _ = _refusals.get(), _refusals.set(())
    for item in held:
        _record(item.request, item.commitment, "refused")
    return len(held)


def settle_refusals() -> None:
    """Record the refusals of a job or command in a transaction of their own. Queries: none without refusals."""
    if _refusals.get():
        with acting_in(EVERYTHING):
            record_refusals()


def record_bypass(done: Happening, act: str, commitment: str) -> None:
    """An act was recorded although nobody asked this gate: it counts as missed, from now on for everybody to see."""
    request = Request(
        act=act,
        subject=done.subject,
        customer_id=done.customer_id or 0,
        contract_id=done.contract_id,
        actor=SYSTEM,
        facts={"case": f"{done.case[0]}:{done.case[1]}"},
    )
    _record(request, commitment, "missed", "gate.bypassed", {"act_event": f"event:{done.id}"})


def forget_refusals() -> None:
    """Begin a unit of work without the refusals of the one before."""
    _refusals.set(())


def _against(request: Request) -> list[tuple[Gate, list[Refusal]]]:
    return [
        (gate, _missing(request, gate) if gate.otherwise == "refuse" else []) for gate in _gates_for(request)
    ]


def _gates_for(request: Request) -> list[Gate]:
    if request.contract_id is None:
        return []
    try:
        book = books.current(request.contract_id)
    except NotFound:
        return []
    facts = _plain(request)
    return [gate for gate in book.gates.get(request.act, ()) if book.applies(gate, facts)]


def _plain(request: Request) -> dict[str, Any]:
    """The act's facts as events would carry them, with what every event of a contract has."""
    facts: dict[str, Any] = {}
    for key, value in request.facts.items():
        facts[key] = value.isoformat() if isinstance(value, datetime | date) else value
    facts = {**enrich(request.subject[0], request.contract_id, facts), **facts}
    facts.setdefault("occurred_at", clock.now().isoformat())
    return facts


def _missing(request: Request, gate: Gate) -> list[Refusal]:
    """All that a gate still wants: whoever is refused learns everything at once."""
    book = books.current(request.contract_id or 0)
    asked = replace(request, facts={**request.facts, "commitment": gate.name})
    parts = gate.requires.parts if isinstance(gate.requires, All) else (gate.requires,)
    return [_said(missing, gate) for part in parts if (missing := unmet(part, asked, book))]


def _said(missing: Refusal, gate: Gate) -> Refusal:
    said = str(missing.message)
    title = gate.title

    def message() -> str:
        language = translation.get_language() or "zh-hans"
        text = gettext("“%(promise)s” is not met: %(missing)s") % {
            "promise": title.pick(language),
            "missing": said,
        }
        if gate.given_by:
            who = vocabulary.list_said(gate.given_by, language)
            text = gettext("%(missing)s It can be given by: %(who)s.") % {"missing": text, "who": who}
        return text

    by = tuple(role for role in gate.given_by if role in Role.values)
    return Refusal(
        missing.guard, lazy(message, str)(), tuple(replace(one, by=by or one.by) for one in missing.wanted)
    )


def unmet(requirement: Requirement, request: Request, book: Book) -> Refusal | None:
    """What is missing of a requirement; None when it is met."""
    match requirement:
        case Guard():
            guard = gates.declared_guards().get(requirement.guard)
            if guard is None:
                return Refusal(requirement.guard, gettext_lazy("the system cannot check this condition yet"))
            given = {**request.facts, **dict(requirement.args)} if requirement.args else request.facts
            return guard(replace(request, facts=given))
        case All():
            return next((found for part in requirement.parts if (found := unmet(part, request, book))), None)
        case AnyOf():
            missing = [unmet(part, request, book) for part in requirement.parts]
            return None if any(item is None for item in missing) else missing[0]
        case Not():
            met = unmet(requirement.part, request, book) is None
            return Refusal("not", gettext_lazy("a condition stands against it")) if met else None
        case FactHolds():
            holds = book.holds(requirement.match, _plain(request))
            return (
                None
                if holds
                else Refusal("fact", gettext_lazy("the data given do not meet the agreed condition"))
            )
        case WithinWindow():
            is_open = book.calendar(requirement.window).is_open(clock.now())
            return None if is_open else Refusal("window", gettext_lazy("it is outside the agreed hours"))
        case MeasureHolds():
            holds_now = measuring.holds_now(book.contract_id, requirement)
            return (
                None
                if holds_now
                else Refusal(requirement.measure, gettext_lazy("the agreed figure is not reached"))
            )
        case Since():
            return _since(requirement, request, book)
        case Attested():
            return _attested(requirement, request, book)
    return Refusal("unknown", gettext_lazy("the system cannot check this condition yet"))


def _since(requirement: Since, request: Request, book: Book) -> Refusal | None:
    least = requirement.least.provisional if isinstance(requirement.least, Unset) else requirement.least
    at = _last(request, requirement.verb)
    if at is not None and least is not None:
        earliest = book.calendar("always").due(at, least)
        if earliest is not None and earliest <= clock.now():
            return None
    return Refusal("since", gettext_lazy("the agreed time has not passed yet"))


_ATTESTED = """
SELECT max(attested_at) FROM commitments_attestation a JOIN commitments_commitment c ON c.id = a.commitment_id
WHERE c.contract_id = %s AND c.name = %s AND a.role = %s AND a.case_type = %s AND a.case_id = %s
"""


def _attested(requirement: Attested, request: Request, book: Book) -> Refusal | None:
    """Attested about the same case by somebody in the role, for this promise, and not too long ago."""
    name = str(request.facts.get("commitment", ""))
    with connection.cursor() as cursor:
        cursor.execute(_ATTESTED, [request.contract_id, name, requirement.role, *request.subject])
        at = cursor.fetchone()[0]
    valid = at is not None
    if at is not None and requirement.every is not None:
        oldest = shift(clock.now(), requirement.every, book.plan.zone, back=True)
        valid = oldest is not None and at >= oldest
    return None if valid else Refusal("attested", gettext_lazy("nobody has attested it"))


def _last(request: Request, verb: str) -> datetime | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT max(occurred_at) FROM kernel_event WHERE case_type = %s AND case_id = %s AND verb = %s",
            [*request.subject, verb],
        )
        row = cursor.fetchone()
    return row[0] if row else None


def _case(request: Request) -> tuple[str, int]:
    """The thread the act belongs to: a visit's is its ticket, named by the fact `case`."""
    thread, _colon, of = str(request.facts.get("case") or "").partition(":")
    return (thread, int(of)) if thread and of.isdigit() else request.subject


def _record(
    request: Request,
    commitment: str,
    state: str,
    verb: str = "gate.passed",
    told: dict[str, str] | None = None,
) -> None:
    """One event and one settled obligation, so that a gate has its figures and its evidence like any promise."""
    if request.contract_id is None:
        return
    try:
        known = names_of(request.contract_id).ids
    except NotFound:
        return  # the contract itself was part of what was undone
    if commitment not in known:
        return
    now = clock.now()
    event = events.record(
        "gate.refused" if state == "refused" else verb,
        actor=request.actor,
        subject=request.subject,
        case=_case(request),
        customer_id=request.customer_id,
        contract_id=request.contract_id,
        facts={
            "act": request.act,
            "commitment": commitment[:64],
            "breach": state == "missed",
            **(told or {}),
        },
    )
    book = books.current(request.contract_id)
    obligation = Obligation(
        commitment=commitment,
        plan_version_id=book.plan_version_id,
        contract_id=request.contract_id,
        customer_id=request.customer_id,
        subject=request.subject,
        case=_case(request),
        opened_event_id=event.id,
        trigger_at=now,
        opened_at=now,
        occurrence=event.seq,
        state=state,
        missed_at=now if state == "missed" else None,
        kept_at=now if state == "kept" else None,
        kept_event_id=event.id if state == "kept" else None,
        settled_at=now,
    )
    storage.write([obligation])
