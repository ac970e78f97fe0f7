"""Reads of evidence packs, and what goes into one: rows, events, heads, files."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from shouyue.commitments.closing_models import Adjustment, Objection, Pack
from shouyue.commitments.models import Obligation
from shouyue.files.models import StoredFile
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import NotFound

CASES_AT_ONCE = 400
_EVENTS = """
WITH cases AS (SELECT * FROM unnest(%s::text[], %s::bigint[]) AS c (case_type, case_id)),
subjects AS (
    SELECT DISTINCT e.subject_type, e.subject_id FROM kernel_event e JOIN cases USING (case_type, case_id)
    WHERE e.customer_id = %s
)
SELECT e.id, e.seq, e.verb, e.subject_type, e.subject_id, e.case_type, e.case_id, e.customer_id, e.contract_id, e.actor,
    (extract(epoch FROM e.occurred_at) * 1000000)::bigint, (extract(epoch FROM e.recorded_at) * 1000000)::bigint,
    (extract(epoch FROM e.device_at) * 1000000)::bigint, e.facts::text, encode(e.prev_digest, 'hex'),
    encode(e.digest, 'hex'), h.seq, encode(h.digest, 'hex')
FROM kernel_event e JOIN subjects USING (subject_type, subject_id)
LEFT JOIN kernel_event_head h USING (subject_type, subject_id)
WHERE e.customer_id = %s
ORDER BY e.subject_type, e.subject_id, e.seq
"""


def packs_visible_to(actor: Actor) -> QuerySet[Pack]:
    """Evidence packs of the contracts an actor may read; those with internal promises only for the provider's side."""
    rows = Pack.objects.visible_to(actor).select_related("contract", "file")
    if actor.is_staff:
        return rows
    supervised = [contract for contract, roles in actor.contract_roles.items() if "supervision_firm" in roles]
    return rows.filter(Q(with_internal=False) | Q(contract_id__in=supervised))


def pack_of(actor: Actor, pack_id: int) -> Pack:
    """One pack. Raises: NotFound."""
    found = packs_visible_to(actor).filter(pk=pack_id).first()
    if found is None:
        raise NotFound
    return found


def packs_of(actor: Actor, contract_id: int) -> list[Pack]:
    """The packs of a contract, newest first. Queries: one."""
    return list(packs_visible_to(actor).filter(contract_id=contract_id)[:50])


def obligations_in(pack: Pack) -> QuerySet[Obligation]:
    """The obligations that fall into the pack's period, in order."""
    rows = Obligation.objects.filter(
        contract_id=pack.contract_id, falls_at__gte=pack.since, falls_at__lt=pack.until
    ).exclude(state="waiting")
    if not pack.with_internal:
        rows = rows.filter(commitment__is_internal=False)
    return rows.select_related("commitment").order_by("falls_at", "id")


def events_of_cases(customer_id: int, cases: list[tuple[str, int]]) -> Iterator[tuple[Any, ...]]:
    """Whole chains of every subject in these cases, each event once, with the head of its chain.

    Queries: one per 400 cases.
    """
    seen: set[tuple[str, int]] = set()
    for begin in range(0, len(cases), CASES_AT_ONCE):
        part = cases[begin : begin + CASES_AT_ONCE]
        with connection.cursor() as cursor:
            cursor.execute(
                _EVENTS, [[case[0] for case in part], [case[1] for case in part], customer_id, customer_id]
            )
            fresh: set[tuple[str, int]] = set()
            for row in cursor.fetchall():
                subject = (row[3], row[4])
                if subject not in seen:
                    fresh.add(subject)
                    yield row
        seen |= fresh


def files_in(pack: Pack, cases: list[tuple[str, int]], obligation_ids: list[int]) -> list[StoredFile]:
    """Files that hang on the cases, or on objections to the obligations. Queries: two."""
    wanted: dict[str, list[int]] = {}
    for kind, number in cases:
        wanted.setdefault(kind, []).append(number)
    objections = Objection.objects.filter(obligation_id__in=obligation_ids).values_list("pk", flat=True)
    wanted["objection"] = list(objections)
    attached = Q(pk__in=[])
    for kind, numbers in wanted.items():
        attached |= Q(attached_type=kind, attached_id__in=numbers)
    rows = StoredFile.objects.filter(attached, customer_id=pack.customer_id).order_by("id")
    return list(rows if pack.with_internal else rows.filter(is_public=True))


def adjustments_in(closing_id: int) -> list[Adjustment]:
    """What was corrected after closing. Queries: one."""
    return list(Adjustment.objects.filter(closing_id=closing_id).select_related("commitment"))


def unfinished(pack_id: int) -> bool:
    """Whether a pack still has to be made."""
    return Pack.objects.filter(pk=pack_id, state__in=("waiting", "working")).exists()


def moment(value: datetime | None) -> str:
    """ISO 8601 in UTC, empty for nothing."""
    return value.isoformat() if value else ""
