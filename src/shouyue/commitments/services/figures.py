"""Quotas and targets: one obligation per period, its figure so far, its verdict when the period ends."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from shouyue.commitments import books, items
from shouyue.commitments.items import Item
from shouyue.commitments.models import Commitment
from shouyue.commitments.queries import measuring
from shouyue.commitments.rules import figures
from shouyue.commitments.rules.aiming import plan_steps
from shouyue.commitments.rules.anchoring import midnight
from shouyue.commitments.rules.book import Book
from shouyue.commitments.rules.happenings import Happening, Obligation
from shouyue.commitments.rules.periods import Term, share_of, term_of, terms
from shouyue.commitments.rules.recurrence import agreed
from shouyue.commitments.rules.reducer import Verdict
from shouyue.commitments.rules.ties import item_tie
from shouyue.contracts.plan_language.model import Period, Quota, Target
from shouyue.contracts.queries import compiled
from shouyue.contracts.rules import ContractRules
from shouyue.kernel import arrays, clock

from . import past, planning, storage
from . import verdicts as verdicts_of

NO_DATA = "no_data"
SETTLES = timedelta(minutes=10)
"""So long after a period was opened, what was being recorded at that moment has been: it is looked for then."""
LOOKED_BACK = timedelta(days=2)
"""Of what was recorded so long before the last look, some may have come to light since: it is counted at this one."""


def open_periods(row: Commitment) -> datetime | None:
    """Open the obligation of the running period, and of those since the last look. Returns when to look again.

    What runs follows the contract's end. The caller holds the commitment's row. Queries: seven or so, whatever the
    number of obligations, and those of their figures.
    """
    now = clock.now()
    rules = compiled(row.contract_id)
    book = books.current(row.contract_id)
    promise = book.measured.get(row.name)
    spans = planning.spans_of(promise, rules, row.began_at) if promise and row.began_at else []
    if promise is None or not row.is_active or not rules.is_active or not spans:
        planning.withdraw(row, book, is_off=not rules.is_active)
        return None
    every = agreed(promise.every)
    verdicts: list[Verdict] = []
    again = planning.next_look(rules, now)
    if isinstance(every, Period) and every.unit not in ("once", "gap"):
        verdicts, has_opened = _open(row, book, promise, every, rules, spans, now)
        if has_opened and isinstance(promise, Quota):
            again = min(again, now + SETTLES)
    verdicts += refresh(row, now)
    row.planned_until = now
    verdicts_of.tell(verdicts, book)
    return again


def _open(
    row: Commitment,
    book: Book,
    promise: Quota | Target,
    every: Period,
    rules: ContractRules,
    spans: list[tuple[date, date]],
    now: datetime,
) -> tuple[list[Verdict], bool]:
    """What is to be told, and whether anything was opened."""
    zone = ZoneInfo(rules.zone)
    since = min(row.planned_until or row.began_at or now, now).astimezone(zone).date()
    today = now.astimezone(zone).date()
    covered = items_for(promise, rules.contract_id)
    fresh: list[Obligation] = []
    for term in terms(every, since, today + timedelta(days=1), rules.starts_on):
        cut = _part(term, spans)
        if cut is None or cut.starts_on > today:
            continue
        joined = Term(term.key, today, cut.ends_on) if _was_looked_at(row, cut, zone) else cut
        for item in covered:
            counted = joined if item else cut
            share = share_of(term, counted.starts_on, counted.ends_on)
            if counted.days > 0:
                fresh.append(_made(row, book, promise, rules, counted, share, item))
    known = planning.known_keys(row, [one.period for one in fresh])
    for one in fresh:
        one.occurrence = known.get(one.period, (0, False))[0] + 1
    opened = [one for one in fresh if not known.get(one.period, (0, False))[1]]
    storage.write_open([*planning.left(row, {item.id for item in covered if item}), *opened])
    moved = _follow(row, book, every, rules, spans, now)
    if isinstance(promise, Quota):
        _catch_up(book, promise, [*opened, *moved], row.began_at or now)
    verdicts = [verdict for one in moved for verdict in weigh(book, one, now)]
    storage.write(moved)
    return verdicts, bool(opened)


def _part(term: Term, spans: Sequence[tuple[date, date]]) -> Term | None:
    """The part of a period in which a promise holds, its first stretch; None when it holds on none of its days."""
    for start, end in spans:
        cut = Term(term.key, max(term.starts_on, start), min(term.ends_on, end))
        if cut.starts_on < cut.ends_on:
            return cut
    return None


_RUNS = f"""
SELECT id, period, opened_at, due_at FROM commitments_obligation
WHERE commitment_id = %s AND period <> '' AND plan_version_id = %s AND falls_at > %s
  AND (state = 'running' AND falls_at >= %s OR state IN ('kept', 'missed') AND ended_event_id IS NULL
       OR state = 'void' AND ending = '{NO_DATA}')
"""  # noqa: S608 - a constant


def _follow(
    row: Commitment,
    book: Book,
    every: Period,
    rules: ContractRules,
    spans: Sequence[tuple[date, date]],
    now: datetime,
) -> list[Obligation]:
    """What is to end on another day than it was opened for, because the contract or its stage does.

    What ended early within the running period of the calendar goes on to its end, judged or not. What holds on no day
    of its period any more is void; the caller weighs and writes the rest. Queries: one, three more when something
    moved. Locks: what moved.
    """
    calendar = book.calendar("always")
    wanted: dict[int, tuple[date | None, float]] = {}
    this_term = term_of(every, now.astimezone(calendar.zone).date(), rules.starts_on)
    since = midnight(this_term.starts_on, calendar)
    with connection.cursor() as cursor:
        cursor.execute(_RUNS, [row.pk, book.plan_version_id, since, now])
        for number, period, opened_at, due_at in cursor.fetchall():
            opened_on = opened_at.astimezone(calendar.zone).date()
            term = term_of(every, opened_on, rules.starts_on)
            if term.key != period.partition(":")[0]:
                continue  # counted from another first day of the contract: it ends as it was opened
            cut = _part(term, spans)
            ends_on = cut.ends_on if cut is not None and cut.ends_on > opened_on else None
            if ends_on is None or midnight(ends_on, calendar) != due_at:
                wanted[number] = ends_on, share_of(term, opened_on, ends_on or opened_on)
    moved, gone = [], []
    for one in storage.hold_ids(list(wanted)) if wanted else ():
        ends_on, share = wanted[one.id]
        if ends_on is not None:
            one.due_at = midnight(ends_on, calendar).astimezone(UTC)
            one.facts["share"] = round(share, 6)
            at_risk_since = one.warn_at
            plan_steps(book, book.deadlines[row.name], one)
            one.warn_at = at_risk_since
            moved.append(one)
        elif one.state == "running":
            planning.end(one, "not_meant")
            gone.append(one)
    storage.write(gone)
    return moved


def _was_looked_at(row: Commitment, term: Term, zone: ZoneInfo) -> bool:
    """Whether the register has looked within the period: a thing it does not know yet has joined since."""
    looked = row.planned_until
    return looked is not None and term.starts_on <= looked.astimezone(zone).date()


def items_for(promise: Quota | Target, contract_id: int) -> list[Item | None]:
    """The things for each of which the figure counts; one None when it is the contract as a whole."""
    each = promise.each if isinstance(promise, Quota) else ""
    return [None] if each in ("", "contract") else list(items.chosen(each, contract_id, lambda _facts: True))


def _made(
    row: Commitment,
    book: Book,
    promise: Quota | Target,
    rules: ContractRules,
    term: Term,
    share: float,
    item: Item | None,
) -> Obligation:
    calendar = book.calendar("always")
    sort = promise.each if isinstance(promise, Quota) and item else ""
    subject = (sort, item.id) if item else ("contract", rules.contract_id)
    opens = midnight(term.starts_on, calendar).astimezone(UTC)
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
        period=f"{term.key}:{sort}:{item.id}" if item else term.key,
        facts={"share": round(share, 6)},
        window="always",
        aimed=True,
        due_at=midnight(term.ends_on, calendar).astimezone(UTC),
    )
    plan_steps(book, book.deadlines[row.name], obligation)
    obligation.warn_at = None
    return obligation


# What events add


_RUNNING = """
SELECT o.id, o.plan_version_id FROM commitments_obligation o JOIN commitments_commitment c ON c.id = o.commitment_id
WHERE c.contract_id = %s AND c.name = %s AND o.period <> '' AND o.opened_at <= %s AND o.due_at > %s
  AND o.state <> 'void' AND (%s = '' OR o.tie = %s) ORDER BY o.id LIMIT 1 FOR UPDATE OF o
"""
_ADD = """
INSERT INTO commitments_contribution (customer_id, contract_id, obligation_id, event_id, amount, token, at, reason)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (obligation_id, event_id) DO NOTHING
"""
_TOTAL = """
SELECT coalesce(sum(amount), 0), count(*), count(DISTINCT token) FILTER (WHERE token <> '')
FROM commitments_contribution WHERE obligation_id = %s AND (at < %s OR reason <> '')
"""


def gather(versions: Sequence[Book], event: Happening) -> list[Verdict]:
    """Add what an event contributes to the quotas that count it, each by the plan version it was opened under.

    versions: the contract's books, the current one first. Queries: five per quota, none for what no version counts.
    Locks: the obligation.
    """
    counting: dict[str, Quota] = {}
    for book in versions:
        for promise in book.gathered.get(event.verb, ()):
            if _counted(book, promise, event)[0] is not None:
                counting.setdefault(promise.name, promise)
    return [
        verdict for promise in counting.values() for verdict in _add(versions[0].contract_id, promise, event)
    ]


def _counted(book: Book, promise: Quota, event: Happening) -> tuple[float | None, str]:
    """What an event adds under a plan version, and its token; None where that does not count it."""
    if not book.applies(promise, event.facts) or not book.holds(promise.amount.when, event.facts):
        return None, ""
    return told(promise, event)


def told(promise: Quota, event: Happening) -> tuple[float | None, str]:
    """What an event adds to a quota, and what tells it apart where distinct things are counted."""
    gathered = promise.amount
    if gathered.how == "count":
        return 1.0, ""
    value = event.facts.get(gathered.fact)
    if gathered.how == "distinct":
        return (None, "") if value is None else (1.0, str(value)[:64])
    return figures.told_amount(gathered.fact, value, duration=figures.is_duration(promise.bounds)), ""


def tie_told(contract_id: int, promise: Quota, event: Happening) -> str:
    """The thing an event adds to, of quotas per thing; empty where the contract as a whole is counted."""
    if promise.each in ("", "contract"):
        return ""
    number = str(event.facts.get(promise.each, "")).rpartition(":")[2]
    return item_tie(contract_id, promise.each, int(number) if number.isdigit() else -1)


def _add(contract_id: int, promise: Quota, event: Happening) -> list[Verdict]:
    tie = tie_told(contract_id, promise, event)
    with connection.cursor() as cursor:
        cursor.execute(_RUNNING, [contract_id, promise.name, event.at, event.at, tie, tie])
        found = cursor.fetchone()
        if found is None:
            return []
        number, version = found
        book = books.readable(contract_id, version)
        own = book.measured.get(promise.name) if book is not None else None
        if book is None or not isinstance(own, Quota) or own.amount.verb != event.verb:
            return []
        amount, token = _counted(book, own, event)
        if amount is None:
            return []
        cursor.execute(
            _ADD,
            [
                book.customer_id,
                contract_id,
                number,
                event.id,
                Decimal(str(amount)),
                token,
                event.at,
                "",
            ],
        )
    (obligation,) = storage.load_ids([number])
    verdicts = weigh(book, obligation, clock.now(), event)
    storage.write([obligation])
    return verdicts


_TOLD_BEFORE = f"""
SELECT {past.COLUMNS} FROM kernel_event e
WHERE e.contract_id = %s AND e.verb = %s AND e.occurred_at >= %s AND e.occurred_at < %s
  AND (%s::timestamptz IS NULL OR e.recorded_at >= %s) ORDER BY e.occurred_at, e.id
"""  # noqa: S608 - constants
_ADD_MANY = """
INSERT INTO commitments_contribution (customer_id, contract_id, obligation_id, event_id, amount, token, at, reason)
SELECT %s, %s, v.obligation_id, v.event_id, v.amount::numeric, v.token, v.at, ''
FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::timestamptz[])
    AS v (obligation_id, event_id, amount, token, at)
ON CONFLICT (obligation_id, event_id) DO NOTHING
"""


def _catch_up(
    book: Book,
    promise: Quota,
    periods: Sequence[Obligation],
    began_at: datetime,
    recorded_since: datetime | None = None,
) -> None:
    """Add what was told before its period was opened, or while that was to end earlier; nothing twice. Queries: two."""
    stored = [one for one in periods if one.id and one.due_at is not None]
    if not stored:
        return
    since = max(min(one.opened_at for one in stored), began_at)
    until = max(one.due_at for one in stored if one.due_at is not None)
    by_tie: dict[str, list[Obligation]] = defaultdict(list)
    for one in stored:
        by_tie[one.tie].append(one)
    with connection.cursor() as cursor:
        cursor.execute(
            _TOLD_BEFORE,
            [book.contract_id, promise.amount.verb, since, until, recorded_since, recorded_since],
        )
        found = [past.happening(event) for event in cursor.fetchall()]
        rows = []
        for event in found:
            amount, token = _counted(book, promise, event)
            tie = tie_told(book.contract_id, promise, event)
            for one in by_tie.get(tie, ()) if tie else stored:
                if amount is not None and one.due_at is not None and one.opened_at <= event.at < one.due_at:
                    rows.append((one.id, event.id, str(Decimal(str(amount))), token, event.at))
                    break
        if rows:
            cursor.execute(_ADD_MANY, [book.customer_id, book.contract_id, *arrays.literals(rows)])


# The figure and the verdict


def refresh(row: Commitment, now: datetime) -> list[Verdict]:
    """Work out the interim figures of what runs. Returns what is to be told.

    An event that is at one of them weighs it itself: it is left out, not waited for. Locks: the others.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM commitments_obligation WHERE commitment_id = %s AND settled_at IS NULL "
            "AND state = 'running' AND due_at > %s ORDER BY id FOR UPDATE SKIP LOCKED",
            [row.pk, now],
        )
        ids = [found[0] for found in cursor.fetchall()]
    if not ids:
        return []
    obligations = storage.load_ids(ids)
    by_version: dict[int, list[Obligation]] = defaultdict(list)
    for one in obligations:
        by_version[one.plan_version_id].append(one)
    verdicts: list[Verdict] = []
    for version, running in by_version.items():
        book = books.readable(row.contract_id, version)
        if book is None:
            continue
        _count_late(row, book, running, now)
        verdicts += [verdict for one in running for verdict in weigh(book, one, now)]
    storage.write(obligations)
    return verdicts


def _count_late(row: Commitment, book: Book, running: Sequence[Obligation], now: datetime) -> None:
    """Add what the last look could not see: it was being recorded while its period was opened. Queries: two."""
    promise = book.measured[row.name]
    if isinstance(promise, Quota):
        since = (row.planned_until or now) - LOOKED_BACK
        _catch_up(book, promise, running, row.began_at or now, recorded_since=since)


def weigh(book: Book, obligation: Obligation, now: datetime, event: Happening | None = None) -> list[Verdict]:
    """Set an obligation's figure, and its verdict once there is one. Returns what is to be told."""
    promise = book.measured[obligation.commitment]
    assert obligation.due_at is not None
    # what was judged at its end stays so, also when the clock is set back behind it
    is_over = obligation.due_at < now or obligation.due_at == (obligation.settled_at or obligation.missed_at)
    before = obligation.state
    if isinstance(promise, Quota):
        state, at_risk = _weigh_quota(promise, obligation, now, is_over=is_over)
    else:
        state, at_risk = _weigh_target(promise, obligation, now, is_over=is_over)
    obligation.dirty = True
    obligation.warn_at = (obligation.warn_at or now) if at_risk and state == "running" else None
    if state != before:
        at = event.at if event else obligation.due_at if is_over else now
        _settle(book, obligation, state, at, event)
    if state == "missed" and before != "missed":
        return [Verdict("missed", obligation, obligation.missed_at or obligation.due_at)]
    return [Verdict("kept", obligation, obligation.kept_at or now)] if state == "kept" != before else []


def _weigh_quota(promise: Quota, obligation: Obligation, now: datetime, *, is_over: bool) -> tuple[str, bool]:
    with connection.cursor() as cursor:
        cursor.execute(_TOTAL, [obligation.id, obligation.due_at])
        total, counted, distinct = cursor.fetchone()
    amount = float(distinct if promise.amount.how == "distinct" else total)
    limits = figures.limits_of(promise.bounds)
    obligation.facts |= {"amount": amount, "counted": counted}
    if limits is None:
        return ("void" if is_over else "running"), False
    if promise.pro_rata:
        limits = limits.scaled(float(obligation.facts.get("share", 1)))
    obligation.facts |= {"low": limits.low, "high": limits.high}
    assert obligation.due_at is not None
    elapsed = figures.elapsed_share(obligation.opened_at, obligation.due_at, now)
    obligation.facts["forecast"] = figures.forecast(amount, elapsed)
    return (
        figures.quota_verdict(amount, limits, is_over=is_over),
        figures.quota_at_risk(amount, limits, elapsed),
    )


def _weigh_target(
    promise: Target, obligation: Obligation, now: datetime, *, is_over: bool
) -> tuple[str, bool]:
    assert obligation.due_at is not None
    until = min(obligation.due_at, now)
    found = measuring.measured(obligation.contract_id, promise, obligation.opened_at, until)
    reached = measuring.reached(
        obligation.contract_id, promise.bounds, found.amount, obligation.opened_at, until
    )
    limits = measuring.limits_now(obligation.contract_id, promise.bounds, obligation.opened_at, until)
    obligation.facts |= {
        "amount": found.amount,
        "counted": found.counted,
        "good": found.good,
        "low": limits.low if limits else None,
        "high": limits.high if limits else None,
    }
    return figures.target_verdict(reached, is_over=is_over), reached is False


def _settle(book: Book, obligation: Obligation, state: str, at: datetime, event: Happening | None) -> None:
    obligation.state = state
    obligation.ending = NO_DATA if state == "void" else ""
    obligation.kept_at = at if state == "kept" else None
    obligation.kept_event_id = event.id if event and state == "kept" else None
    obligation.missed_at = at if state == "missed" else None
    obligation.settled_at = None if state == "running" else at
    if state == "missed":
        plan_steps(book, book.deadlines[obligation.commitment], obligation)
        obligation.warn_at = None
    elif state == "running":
        plan_steps(book, book.deadlines[obligation.commitment], obligation)
    else:
        obligation.next_at = None


def correct(*, obligation_id: int, event_id: int, amount: float, at: datetime, reason: str) -> dict[str, Any]:
    """Add a correction, mostly negative, to a quota's period and weigh it anew; event_id: what proves it.

    The caller has checked access and recorded the event. Returns the figure after it. Locks: the obligation.
    """
    (obligation,) = storage.hold_ids([obligation_id])
    with connection.cursor() as cursor:
        cursor.execute(
            _ADD,
            [
                obligation.customer_id,
                obligation.contract_id,
                obligation.id,
                event_id,
                Decimal(str(amount)),
                "",
                at,
                reason[:300],
            ],
        )
    before = obligation.state
    weigh(books.pinned(obligation.contract_id, obligation.plan_version_id), obligation, clock.now())
    if obligation.state != before:  # so that an adjustment of a frozen figure names who corrected it
        if obligation.state == "kept":
            obligation.kept_event_id = event_id
        else:
            obligation.ended_event_id = event_id
    storage.write([obligation])
    return obligation.facts
