"""What ties an obligation to events: its case, its subject, the contract, a covered thing, or a fact."""

from __future__ import annotations

from shouyue.contracts.plan_language.model import Deadline

from .book import Book
from .happenings import Happening


def tie_of(promise: Deadline, event: Happening) -> str:
    """What ties an obligation to events beyond its own case; empty when the case does."""
    return _tie_by(promise.same, event)


def _tie_by(same: str, event: Happening) -> str:
    match same:
        case "case":
            return ""
        case "subject":
            return f"{event.subject[0]}:{event.subject[1]}"
        case "contract":
            return f"contract:{event.contract_id or 0}"
    if same.startswith("item:"):
        return item_tie(event.contract_id or 0, same[5:], _item_id(same[5:], event))
    return f"{same}={event.facts.get(same, '')}"


def item_tie(contract_id: int, item: str, number: int | None) -> str:
    """What ties an obligation about one covered thing to events about it."""
    return "" if number is None else f"{contract_id}/{item}:{number}"


def _item_id(item: str, event: Happening) -> int | None:
    """The thing an event is about: its subject, or the fact named after the sort of thing (`site: site:12`)."""
    told = event.facts.get(item)
    if told is None:
        return event.subject[1] if event.subject[0] == item else None
    number = str(told).rpartition(":")[2]
    return int(number) if number.isdigit() else None


def each_of(promise: Deadline, event: Happening) -> str:
    """The value an obligation is opened for, of promises that open one per value."""
    return str(event.facts.get(promise.each, "")) if promise.each else ""


def ties_of(book: Book, event: Happening) -> list[str]:
    """All ties by which an event of this verb may reach obligations of other cases."""
    ties = []
    for same in sorted(book.ties.get(event.verb, ())):
        if same in ("subject", "contract") or same.startswith("item:") or event.facts.get(same) is not None:
            ties.append(_tie_by(same, event))
    return [tie for tie in ties if tie]
