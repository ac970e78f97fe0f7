"""What the register itself has to tell: verdicts become events, which it consumes in turn."""

from __future__ import annotations

from collections.abc import Sequence

from shouyue.commitments.rules.book import Book
from shouyue.commitments.rules.reducer import Verdict
from shouyue.kernel import events
from shouyue.kernel.actor import SYSTEM

ALWAYS_TOLD = frozenset({"missed", "late"})
"""Verdicts that become events in any case; the others only when a promise of the plan asks for them."""


def tell(verdicts: Sequence[Verdict], book: Book) -> None:
    """Record verdicts as events, which the register consumes in turn."""
    tell_many([(verdict, book) for verdict in verdicts])


def tell_many(verdicts: Sequence[tuple[Verdict, Book]]) -> None:
    """As `tell`, of verdicts under the books of several contracts."""
    events.record_many([event_of(verdict) for verdict, book in verdicts if is_told(verdict, book)])


def is_told(verdict: Verdict, book: Book) -> bool:
    """Whether a verdict becomes an event at all."""
    verb = f"obligation.{verdict.outcome}"
    return bool(verdict.obligation.id) and (verdict.outcome in ALWAYS_TOLD or verb in book.outcomes)


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
