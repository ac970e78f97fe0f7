"""Planning ahead: the calendar opens obligations of recurring promises for the coming time, once each, and moves them.

What an occurrence is called (`2026-W47:site:12`) is unique, so that planning twice, or by two at once, changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import cache, partial
from zoneinfo import ZoneInfo

from django.db import connection

from shouyue.commitments import books, items
from shouyue.commitments.items import Item
from shouyue.commitments.models import Commitment
from shouyue.commitments.rules.aiming import plan_steps, silence_from
from shouyue.commitments.rules.book import Book, Duty
from shouyue.commitments.rules.happenings import Obligation
from shouyue.commitments.rules.recurrence import ONCE, Frame, Occurrence, agreed, look_ahead, occurrences
from shouyue.commitments.rules.reducer import Reaction, Verdict
from shouyue.commitments.rules.ties import item_tie
from shouyue.contracts.plan_language.model import Commitment as Promise
from shouyue.contracts.plan_language.model import Period, Recurring, Span, Standing
from shouyue.contracts.queries import compiled
from shouyue.contracts.rules import ContractRules, shift_day
from shouyue.kernel import clock

from . import past, sampling, storage
from . import verdicts as verdicts_of

AHEAD_DAYS = 60
AHEAD_DAYS_OF_ITEMS = 14
"""How far ahead obligations exist at least: of the contract as a whole, and of each covered thing."""

FAR = date(9000, 1, 1)
LEFT_OPEN = timedelta(days=31)
"""So long after its time, and a whole period, what was missed may still be made good; then it stays missed."""


def plan_ahead(row: Commitment) -> datetime | None:
    """Bring the obligations of a recurring promise in line with the calendar. Returns when to look again.

    The caller holds the commitment's row. Queries: six or so, whatever the number of obligations.
    """
    now = clock.now()
    rules = compiled(row.contract_id)
    book = books.current(row.contract_id)
    duty = book.duties.get(row.name)
    if duty is None or row.began_at is None or not row.is_active:
        withdraw(row, book)
        return None
    spans = spans_of(duty.promise, rules, row.began_at)
    if not rules.is_active or not spans:
        withdraw(row, book, is_off=not rules.is_active)
        return None
    if duty.gap is not None or isinstance(duty.promise, Standing):
        _watch_silence(row, book, duty, rules, spans, now)
    else:
        assert isinstance(duty.promise, Recurring)
        _plan(row, book, duty, duty.promise, rules, spans, now)
    row.planned_until = now
    return next_look(rules, now)


def spans_of(promise: Promise, rules: ContractRules, began_at: datetime) -> list[tuple[date, date]]:
    """The days on which a promise holds, ends excluded: the term and what outlives it, its stages, since it began."""
    first = max(rules.starts_on, began_at.astimezone(ZoneInfo(rules.zone)).date())
    last = rules.ends_on + timedelta(days=1)
    if promise.outlives == "forever":
        last = FAR
    elif isinstance(promise.outlives, Span):
        last = shift_day(rules.ends_on, promise.outlives) + timedelta(days=1)
    found = [(first, last)]
    if promise.stages:
        found = [
            (
                max(first, stage.starts_on),
                min(last, stage.ends_on + timedelta(days=1) if stage.ends_on else last),
            )
            for stage in rules.stages
            if stage.name in promise.stages and stage.starts_on is not None
        ]
    return _joined(sorted((start, end) for start, end in found if start < end))


def _joined(spans: Sequence[tuple[date, date]]) -> list[tuple[date, date]]:
    """Stages that follow each other without a gap are one stretch."""
    joined: list[tuple[date, date]] = []
    for start, end in spans:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def withdraw(row: Commitment, book: Book, *, is_off: bool = False) -> None:
    """Nothing more is asked: what has not begun or still runs is void, what was missed stays so.

    is_off: so is the contract; once it is on again, the promise begins anew and owes nothing for the time between.
    """
    if is_off:
        row.began_at = row.planned_until = None
    existing = _open_rows(row)
    for obligation in existing:
        if obligation.state in ("waiting", "running"):
            end(obligation, "stopped")
    storage.write_open(existing)


def left(row: Commitment, there: Collection[int]) -> list[Obligation]:
    """What still runs for things that are no longer there, made void; the caller writes it. Queries: two."""
    now = clock.now()
    gone = [
        one
        for one in _open_rows(row)
        if one.subject[0] != "contract" and one.subject[1] not in there and one.due_at and one.due_at > now
    ]
    for obligation in gone:
        end(obligation, "not_meant")
    return gone


def next_look(rules: ContractRules, now: datetime) -> datetime:
    """Shortly after the next midnight of the contract, so that a day's duties exist when it begins."""
    zone = ZoneInfo(rules.zone)
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    return datetime(tomorrow.year, tomorrow.month, tomorrow.day, 0, 1, tzinfo=zone)


# Occurrences


def _plan(
    row: Commitment,
    book: Book,
    duty: Duty,
    promise: Recurring,
    rules: ContractRules,
    spans: list[tuple[date, date]],
    now: datetime,
) -> None:
    wanted = _wanted(row, book, duty, promise, rules, spans, now)
    rows = {obligation.period: obligation for obligation in _open_rows(row)}
    known = known_keys(row, wanted)
    in_force_since = cache(partial(_in_force_since, row))  # asked of many occurrences after a stop
    fresh = []
    for key, (item, occurrence) in wanted.items():
        obligation = rows.get(key)
        if obligation is not None:
            _move(book, obligation, occurrence, now)
        elif not known.get(key, (0, False))[1] and _is_asked(
            row, promise, item, occurrence, now, in_force_since
        ):
            made = _made(row, book, promise, rules, key, item, occurrence, now)
            made.occurrence = known.get(key, (0, False))[0] + 1
            fresh.append(made)
    for key, obligation in rows.items():
        if key not in wanted:
            _unwanted(promise, book, obligation, now)
    verdicts = _catch_up(row, book, fresh, now)
    storage.write_open([*rows.values(), *fresh])
    begun = [Verdict("opened", one, one.opened_at) for one in fresh if one.state == "running"]
    verdicts_of.tell([*begun, *verdicts], book)


def _wanted(
    row: Commitment,
    book: Book,
    duty: Duty,
    promise: Recurring,
    rules: ContractRules,
    spans: list[tuple[date, date]],
    now: datetime,
) -> dict[str, tuple[Item | None, Occurrence]]:
    every = agreed(promise.every)
    if not isinstance(every, Period):
        return {}
    window = promise.window if isinstance(promise.window, str) else "always"
    calendar = book.calendar(window)
    frame = Frame(calendar, rules.starts_on, spans, rules.dates, row.began_at)
    today = now.astimezone(ZoneInfo(rules.zone)).date()
    since = min(row.planned_until or row.began_at or now, now).astimezone(ZoneInfo(rules.zone)).date()
    days = AHEAD_DAYS_OF_ITEMS if duty.item else AHEAD_DAYS
    found = occurrences(promise, frame, since, look_ahead(every, today, rules.starts_on, days))
    if not duty.item:
        return {item.key: (None, item) for item in found if not promise.when or book.holds(promise.when, {})}
    things = covered(book, promise, duty.item, rules.contract_id)
    if promise.sample is not None:
        return sampling.sampled(row, promise.sample, duty.item, found, things, rules, now)
    return {
        f"{occurrence.key}:{duty.item}:{item.id}": (item, occurrence)
        for occurrence in found
        for item in things
    }


def covered(book: Book, promise: Recurring, sort: str, contract_id: int) -> list[Item]:
    """The things a promise is about, as its plan chooses them. Queries: those of the sort."""
    chosen = promise.covers or promise.sample
    match = chosen.match if chosen is not None else None
    return items.chosen(
        sort, contract_id, lambda facts: book.holds(match, facts) and book.holds(promise.when, facts)
    )


def _move(book: Book, obligation: Obligation, occurrence: Occurrence, now: datetime) -> None:
    """Follow the calendar, as long as the time has not come."""
    if obligation.state not in ("waiting", "running") or (obligation.due_at and obligation.due_at <= now):
        return
    if obligation.state == "running" and obligation.plan_version_id != book.plan_version_id:
        return
    opens = occurrence.opens_at if obligation.state == "waiting" else obligation.opened_at
    if (obligation.due_at, obligation.opened_at, obligation.not_before) == (
        occurrence.due_at,
        opens,
        occurrence.not_before,
    ) and obligation.plan_version_id == book.plan_version_id:
        return
    obligation.opened_at = obligation.trigger_at = opens
    _aim(book, obligation, occurrence, now)


def _aim(book: Book, obligation: Obligation, occurrence: Occurrence, now: datetime) -> None:
    obligation.due_at = occurrence.due_at
    obligation.not_before = occurrence.not_before
    obligation.calendar_digest = book.calendar(obligation.window or "always").spec_digest()[:16]
    obligation.dirty = True
    plan_steps(book, book.deadlines[obligation.commitment], obligation)
    if obligation.state == "waiting":
        obligation.next_at = obligation.opened_at


def _made(
    row: Commitment,
    book: Book,
    promise: Recurring,
    rules: ContractRules,
    key: str,
    item: Item | None,
    occurrence: Occurrence,
    now: datetime,
) -> Obligation:
    sort = key.split(":")[1] if item else ""
    subject = (sort, item.id) if item else ("contract", rules.contract_id)
    opens = now if item is not None and _has_joined(row, occurrence, now) else occurrence.opens_at
    obligation = Obligation(
        commitment=row.name,
        plan_version_id=book.plan_version_id,
        contract_id=rules.contract_id,
        customer_id=rules.customer_id,
        subject=subject,
        case=subject,
        opened_event_id=0,
        trigger_at=opens,
        opened_at=opens,
        tie=item_tie(rules.contract_id, sort, item.id) if item else f"contract:{rules.contract_id}",
        period=key,
        state="waiting" if opens > now else "running",
        facts=dict(item.facts) if item else {},
        window=promise.window if isinstance(promise.window, str) else "always",
        aimed=True,
    )
    _aim(book, obligation, occurrence, now)
    return obligation


def _has_joined(row: Commitment, occurrence: Occurrence, now: datetime) -> bool:
    """Of something not yet asked for: whether it came under the contract within the period, after the last look."""
    return row.planned_until is not None and occurrence.opens_at < min(row.planned_until, now)


def _is_asked(
    row: Commitment,
    promise: Recurring,
    item: Item | None,
    occurrence: Occurrence,
    now: datetime,
    in_force_since: Callable[[], datetime],
) -> bool:
    """What fell due before a thing joined, or before the plan said so, is nobody's debt.

    Of the part of a period in which a thing joins, `pro_rata` asks when at least half is left.
    """
    if item is None:
        return occurrence.key == ONCE or occurrence.due_at > now or occurrence.due_at > in_force_since()
    if not _has_joined(row, occurrence, now):
        return True
    left = (occurrence.due_at - now) / (occurrence.due_at - occurrence.opens_at)
    return left >= 0.5 if promise.pro_rata else left > 0


def _in_force_since(row: Commitment) -> datetime:
    """When the plan version the contract runs by was put in force. Queries: one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT max(occurred_at) FROM kernel_event "
            "WHERE subject_type = 'contract' AND subject_id = %s AND verb = 'contract.plan_applied'",
            [row.contract_id],
        )
        found: datetime | None = cursor.fetchone()[0]
    return found or row.began_at or clock.now()


def _unwanted(promise: Recurring, book: Book, obligation: Obligation, now: datetime) -> None:
    """The thing left, the calendar has no such day any more, or a new version asks for something else."""
    if obligation.state == "missed":
        length = (obligation.due_at or now) - obligation.opened_at
        if obligation.due_at is not None and obligation.due_at + max(length, LEFT_OPEN) < now:
            obligation.settled_at = now
            obligation.next_at = None
            obligation.dirty = True
        return
    if obligation.due_at is not None and obligation.due_at <= now:
        return  # its time is up: the sweep gives the verdict
    pinned = obligation.plan_version_id != book.plan_version_id
    if obligation.state == "running" and pinned and obligation.subject[0] == "contract":
        return  # it opened under an earlier version and runs on by it
    end(obligation, "not_meant")


def end(obligation: Obligation, ending: str) -> None:
    """Nothing is asked for it any more; the caller writes it."""
    obligation.state = "void"
    obligation.ending = ending
    obligation.settled_at = clock.now()
    obligation.next_at = None
    obligation.dirty = True


# What happened while nobody planned


_EVENTS = f"""
SELECT {past.COLUMNS} FROM kernel_event e
WHERE e.contract_id = %s AND e.verb = ANY(%s) AND e.occurred_at >= %s ORDER BY e.occurred_at, e.id
"""  # noqa: S608 - constants


def _catch_up(row: Commitment, book: Book, fresh: list[Obligation], now: datetime) -> list[Verdict]:
    """Events that came before their obligation was written keep it all the same."""
    late = [obligation for obligation in fresh if obligation.opened_at < now]
    verbs = [verb for verb, one in book.interests.items() if any(p.name == row.name for p in one.keeps)]
    if not late or not verbs:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_EVENTS, [row.contract_id, verbs, min(item.opened_at for item in late)])
        found = [past.happening(event) for event in cursor.fetchall()]
    reaction = Reaction(None, lambda version: book, late, list, only=frozenset({row.name}))
    for event in found:
        reaction.take(event)
    return reaction.verdicts


# Rows


def _open_rows(row: Commitment) -> list[Obligation]:
    """The obligations of a promise that are not settled. Queries: one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM commitments_obligation WHERE commitment_id = %s AND settled_at IS NULL", [row.pk]
        )
        ids = [found[0] for found in cursor.fetchall()]
    return storage.load_ids(ids) if ids else []


def known_keys(row: Commitment, wanted: Iterable[str]) -> dict[str, tuple[int, bool]]:
    """Of occurrences written before: the number of the last one, and whether one of them still stands."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT period, max(occurrence), bool_or(state <> 'void' OR ending NOT IN ('not_meant', 'stopped')) "
            "FROM commitments_obligation WHERE commitment_id = %s AND period = ANY(%s) AND period <> '' "
            "GROUP BY period",
            [row.pk, list(wanted)],
        )
        return {period: (last, stands) for period, last, stands in cursor.fetchall()}


# Silence


def _watch_silence(
    row: Commitment,
    book: Book,
    duty: Duty,
    rules: ContractRules,
    spans: list[tuple[date, date]],
    now: datetime,
) -> None:
    """One obligation runs per thing: the next sign, or the next attestation, must come in time."""
    today = now.astimezone(ZoneInfo(rules.zone)).date()
    active = any(start <= today < end for start, end in spans)
    rows = _open_rows(row)
    things: list[Item | None] = [None]
    if duty.item and isinstance(duty.promise, Recurring):
        things = list(covered(book, duty.promise, duty.item, rules.contract_id))
    wanted = {_silence_key(duty, item): item for item in things} if active else {}
    running = {obligation.period for obligation in rows}
    for obligation in rows:
        if obligation.period not in wanted and obligation.state in ("waiting", "running"):
            end(obligation, "not_meant")
    known = known_keys(row, wanted)
    fresh = [
        _silence(row, book, duty, rules, key, item, known.get(key, (0, False))[0] + 1, now)
        for key, item in wanted.items()
        if key not in running and (duty.gap is not None or not known.get(key, (0, False))[1])
    ]
    storage.write_open([*rows, *fresh])
    verdicts_of.tell([Verdict("opened", one, one.opened_at) for one in fresh], book)


def _silence_key(duty: Duty, item: Item | None) -> str:
    return f"gap:{duty.item}:{item.id}" if item else "gap"


def _silence(
    row: Commitment,
    book: Book,
    duty: Duty,
    rules: ContractRules,
    key: str,
    item: Item | None,
    number: int,
    now: datetime,
) -> Obligation:
    subject = (duty.item, item.id) if item else ("contract", rules.contract_id)
    obligation = Obligation(
        commitment=row.name,
        plan_version_id=book.plan_version_id,
        contract_id=rules.contract_id,
        customer_id=rules.customer_id,
        subject=subject,
        case=subject,
        opened_event_id=0,
        trigger_at=now,
        opened_at=now,
        tie=item_tie(rules.contract_id, duty.item, item.id) if item else f"contract:{rules.contract_id}",
        period=key,
        occurrence=number,
        facts=dict(item.facts) if item else {},
        aimed=True,
    )
    promise = book.deadlines[row.name]
    if duty.gap is not None:
        silence_from(book, promise, duty.gap, obligation, now)
    else:
        plan_steps(book, promise, obligation)
    return obligation
