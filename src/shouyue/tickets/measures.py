"""Numbers about tickets that plans may set targets for, computed from the ticket table and the events.

Each reads the contract's tickets of the span in one statement; what `over` chooses by is matched in Python only
when it is given.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from shouyue.contracts import queries as contracts
from shouyue.contracts.plan_language.match import matches
from shouyue.contracts.vocabulary import Measured, MeasureRequest
from shouyue.servicetime.durations import Duration

_FACTS = (
    "request_type",
    "request_class",
    "catalogue",
    "channel",
    "channel_group",
    "severity",
    "complexity",
    "urgency",
    "impact",
    "priority",
    "cause",
    "program_error_class",
    "equipment_type",
    "fault_category",
    "zone",
    "zone_mode",
    "tier",
    "status",
)
_COLUMNS = ", ".join(f"t.{name}" for name in _FACTS)
_DEFAULT_WITHIN = timedelta(minutes=30)

_CLOSED = f"""
SELECT (t.responded_at IS NOT NULL AND t.resolved_at IS NOT NULL AND t.confirmed_at IS NOT NULL
        AND (t.assignee_id IS NULL OR (t.assigned_at IS NOT NULL AND t.accepted_at IS NOT NULL))), t.is_vip,
       t.closed_at, {_COLUMNS}
FROM tickets_ticket t WHERE t.contract_id = %(contract)s AND t.closed_at >= %(since)s AND t.closed_at < %(until)s
"""  # noqa: S608 -- fixed column names
_SOLVED = f"""
SELECT (t.resolved_tier = 'T1'), t.is_vip, t.resolved_at, {_COLUMNS}
FROM tickets_ticket t WHERE t.contract_id = %(contract)s AND t.resolved_at >= %(since)s AND t.resolved_at < %(until)s
"""  # noqa: S608
_REPORTED = f"""
SELECT (t.reopen_count > 0), t.is_vip, t.reported_at, {_COLUMNS}
FROM tickets_ticket t WHERE t.contract_id = %(contract)s AND t.reported_at >= %(since)s AND t.reported_at < %(until)s
"""  # noqa: S608
_ANSWERED = f"""
SELECT (coalesce(t.answer_given_at, t.responded_at, t.resolved_at) IS NOT NULL), t.is_vip, t.reported_at, {_COLUMNS}
FROM tickets_ticket t WHERE t.contract_id = %(contract)s AND t.reported_at >= %(since)s AND t.reported_at < %(until)s
  AND t.status <> 'cancelled'
"""  # noqa: S608
_RECORDED = """
SELECT (e.recorded_at <= e.occurred_at + %(within)s), e.occurred_at, e.facts
FROM kernel_event e
WHERE e.contract_id = %(contract)s AND e.case_type = 'ticket'
  AND e.occurred_at >= %(since)s AND e.occurred_at < %(until)s
  AND (e.verb LIKE 'ticket.%%' OR e.verb LIKE 'visit.%%')
"""


def stage_times_complete(request: MeasureRequest) -> Measured:
    """Share of the tickets closed in the span whose every stage has its time."""
    return _share(_chosen(request, _rows(request, _CLOSED)))


def first_line_rate(request: MeasureRequest) -> Measured:
    """Share of the tickets solved in the span that never left the desk."""
    return _share(_chosen(request, _rows(request, _SOLVED)))


def reopened_share(request: MeasureRequest) -> Measured:
    """Share of the tickets reported in the span that were reopened."""
    return _share(_chosen(request, _rows(request, _REPORTED)))


def answered_share(request: MeasureRequest) -> Measured:
    """Share of the tickets reported in the span, those withdrawn aside, that got an answer or a solution."""
    return _share(_chosen(request, _rows(request, _ANSWERED)))


def count(request: MeasureRequest) -> Measured:
    """How many tickets were reported in the span."""
    number = sum(1 for _ in _chosen(request, _rows(request, _REPORTED)))
    return Measured(float(number), counted=number)


def recorded_in_time(request: MeasureRequest) -> Measured:
    """Share of the acts on tickets that were recorded within `within` of happening; half an hour if not given."""
    within = _length(request.arguments.get("within"))
    with connection.cursor() as cursor:
        cursor.execute(_RECORDED, _parameters(request) | {"within": within})
        found = [(bool(good), at, _json(facts)) for good, at, facts in cursor.fetchall()]
    return _share(_chosen(request, found))


_CALENDAR_DAYS = {"days": 1, "weeks": 7, "working_days": 1}


def _length(within: Any) -> timedelta:
    """A parameter of a plan as a length of time; calendar days count 24 hours."""
    if isinstance(within, timedelta):
        return within
    if isinstance(within, Duration):
        if within.seconds is not None:
            return timedelta(seconds=within.seconds)
        return timedelta(days=within.amount * _CALENDAR_DAYS.get(within.kind, 30))
    return _DEFAULT_WITHIN


def _rows(request: MeasureRequest, sql: str) -> Iterator[tuple[bool, Any, dict[str, Any]]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, _parameters(request))
        for good, vip, at, *values in cursor.fetchall():
            facts = {name: value for name, value in zip(_FACTS, values, strict=True) if value}
            yield bool(good), at, facts | {"vip": vip}


def _parameters(request: MeasureRequest) -> dict[str, Any]:
    return {"contract": request.contract_id, "since": request.since, "until": request.until}


def _chosen(request: MeasureRequest, rows: Iterable[tuple[bool, Any, dict[str, Any]]]) -> Iterator[bool]:
    """The rows the plan means: by condition, and by stage on the contract's own days."""
    if request.over is None and not request.stage:
        yield from (good for good, _at, _facts in rows)
        return
    known = contracts.compiled(request.contract_id)
    around = known.circumstances
    zone = ZoneInfo(known.zone)
    for good, at, facts in rows:
        if request.stage and known.stage_on(at.astimezone(zone).date()) != request.stage:
            continue
        if matches(request.over, facts, around):
            yield good


def _share(goods: Iterable[bool]) -> Measured:
    values = list(goods)
    good = sum(values)
    return Measured(100.0 * good / len(values) if values else None, counted=len(values), good=good)


def _json(value: Any) -> dict[str, Any]:
    return dict(json.loads(value) if isinstance(value, str) else value)
