"""Applying a plan version: the contract's commitments follow the plan, running obligations keep their version."""

from __future__ import annotations

from typing import Any

from django.db import connection

from shouyue.commitments.choices import Readiness
from shouyue.commitments.models import Commitment
from shouyue.contracts import vocabulary
from shouyue.contracts.plan_language.coverage import state_of
from shouyue.contracts.plan_language.explain import limit_in_words
from shouyue.contracts.plan_language.model import Commitment as Promise
from shouyue.contracts.plan_language.model import Plan
from shouyue.contracts.plan_language.texts import Text
from shouyue.contracts.plan_language.uses import question_of
from shouyue.contracts.queries import compiled
from shouyue.kernel import clock

from .names import forget_names

CALENDAR_RUN = ("recurring", "quota", "target", "standing")
"""Kinds whose obligations the calendar opens; `tending` looks after them."""

_WAKE = """
UPDATE commitments_commitment SET
    began_at = CASE WHEN is_active AND readiness = 'ready' THEN coalesce(began_at, %(now)s) END,
    next_at = CASE WHEN kind = ANY(%(kinds)s) THEN %(now)s END
WHERE contract_id = %(contract)s AND kind = ANY(%(kinds)s)
"""

_WRITTEN = (
    "plan_version",
    "kind",
    "position",
    "source",
    "title_zh",
    "title_en",
    "text_zh",
    "text_en",
    "number_zh",
    "number_en",
    "scope_zh",
    "scope_en",
    "owed_by",
    "owner",
    "readiness",
    "awaits",
    "question_zh",
    "question_en",
    "is_internal",
    "is_active",
)


def sync(contract_id: int) -> None:
    """Bring the commitments of a contract in line with its plan version; safe to repeat. Queries: two or three."""
    rules = compiled(contract_id)
    words = vocabulary.current()
    names = [promise.name for promise in rules.plan.commitments]
    Commitment.objects.filter(contract_id=contract_id, is_active=True).exclude(name__in=names).update(
        is_active=False
    )
    Commitment.objects.bulk_create(
        [
            Commitment(
                customer_id=rules.customer_id,
                contract_id=contract_id,
                name=promise.name,
                **_described(promise, rules.plan, rules.plan_version_id, position, words),
            )
            for position, promise in enumerate(rules.plan.commitments)
        ],
        update_conflicts=True,
        unique_fields=["contract", "name"],
        update_fields=list(_WRITTEN),
    )
    forget_names(contract_id)
    wake(contract_id)


def wake(contract_id: int) -> None:
    """Let the register look anew at everything the calendar runs in a contract. Queries: one."""
    with connection.cursor() as cursor:
        cursor.execute(_WAKE, {"now": clock.now(), "contract": contract_id, "kinds": list(CALENDAR_RUN)})


def wake_all() -> None:
    """The same for every contract, after a calendar changed. Queries: one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE commitments_commitment SET next_at = %s WHERE kind = 'recurring' AND began_at IS NOT NULL",
            [clock.now()],
        )


def _described(promise: Promise, plan: Plan, version: int, position: int, words: Any) -> dict[str, Any]:
    state = state_of(promise, plan, words)
    missing = list(state.missing or promise.awaits)
    readiness = Readiness.AWAITS if missing else Readiness.UNSET if state.blocking else Readiness.READY
    if state.blocking and missing:
        readiness = Readiness.AWAITS
    question = question_of(promise)
    scope = _scope(promise, plan)
    return {
        "plan_version_id": version,
        "kind": promise.kind,
        "position": position,
        "source": list(promise.source),
        "title_zh": promise.title.zh[:300],
        "title_en": promise.title.en[:300],
        "text_zh": promise.text.zh,
        "text_en": promise.text.en,
        "number_zh": limit_in_words(promise, plan, words, "zh-hans")[:300],
        "number_en": limit_in_words(promise, plan, words, "en")[:300],
        "scope_zh": scope.zh[:500],
        "scope_en": scope.en[:500],
        "owed_by": promise.by,
        "owner": promise.owner,
        "readiness": readiness,
        "awaits": missing,
        "question_zh": question.zh if question else "",
        "question_en": question.en if question else "",
        "is_internal": promise.internal,
        "is_active": True,
    }


def _scope(promise: Promise, plan: Plan) -> Text:
    """The stages a promise holds in; what its condition says stands in its sentences."""
    titles = {stage.name: stage.title for stage in plan.stages}
    found = [titles[name] for name in promise.stages if name in titles]
    return Text("、".join(title.zh for title in found), ", ".join(title.en for title in found))
