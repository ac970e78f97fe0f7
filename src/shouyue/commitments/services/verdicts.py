"""What the register itself has to tell: verdicts become events, which it consumes in turn."""

from __future__ import annotations

from shouyue.commitments import books
from shouyue.commitments.rules.book import Book
from shouyue.commitments.rules.reducer import Verdict
from shouyue.kernel import events
from shouyue.kernel.actor import SYSTEM

ALWAYS_TOLD = frozenset({"missed", "late"})
"""Verdicts that become events in any case; the others only when a promise of the plan asks for them."""


def tell(verdicts: list[Verdict], book: Book) -> None:
    """Record verdicts as events, which the register consumes in turn."""
    for verdict in verdicts:
        obligation = verdict.obligation
        verb = f"obligation.{verdict.outcome}"
        if not obligation.id or (verdict.outcome not in ALWAYS_TOLD and verb not in book.outcomes):
            continue
        record_verdict(verdict)


def record_verdict(verdict: Verdict, **facts: str | int) -> None:
    """One event about an obligation, in the thread of its case."""
    events.record_many([event_of(verdict, **facts)])


def event_of(verdict: Verdict, **facts: str | int) -> events.NewEvent:
    """The event that tells a verdict, not written yet."""
    obligation = verdict.obligation
    return events.NewEvent(
        verb=f"obligation.{verdict.outcome}",
        actor=SYSTEM,
        subject=("obligation", obligation.id),
        case=obligation.case,
        customer_id=obligation.customer_id,
        contract_id=obligation.contract_id,
        facts={"commitment": obligation.commitment[:64], **facts},
        occurred_at=verdict.at,
    )


def is_heard(verdict: Verdict) -> bool:
    """Whether telling a verdict may change an obligation or start a job."""
    verb, name = f"obligation.{verdict.outcome}", verdict.obligation.commitment[:64]
    known = books.all_of(verdict.obligation.contract_id)
    return events.is_awaited(verb) or any(book.cares_about(verb, name) for book in known)
