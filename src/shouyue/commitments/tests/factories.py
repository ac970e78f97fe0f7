"""Contracts under a plan that uses most constructs, and the events that move it."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from shouyue.commitments.models import Obligation
from shouyue.contracts.models import Contract
from shouyue.contracts.tests.factories import make_contract, make_customer, make_member
from shouyue.kernel import events
from shouyue.kernel.actor import SYSTEM
from shouyue.kernel.events import RecordedEvent

__all__ = ["make_customer", "make_member"]

_cases = itertools.count(900_000)

HEAD = """
plan: {name}
title: {{zh: 测试, en: Test}}
zone: Asia/Shanghai
windows:
  always: 7x24
  office: {{weekly: {{mon-fri: ["09:00-12:00", "13:00-18:00"]}}, holidays: CN}}
scales:
  severity: [minor, major]
  complexity: [simple, complex]
waits:
  customer: {{from: ticket.waiting_started, until: ticket.waiting_ended, when: {{reason: customer}}}}
  part: {{from: ticket.waiting_started, until: ticket.waiting_ended, when: {{reason: part}}}}
commitments:
"""

PLAN = """
respond:
  kind: deadline
  from: ticket.reported
  kept_by: ticket.responded
  within: 10 min
  escalate:
    - {at: 80%, to: agent, by: app}
    - {at: due, to: [agent, project_manager], by: app}
repair:
  kind: deadline
  from: ticket.reported
  kept_by: ticket.resolved
  within: {by: severity, minor: 8 h, major: 2 h}
  pauses: customer
  undone_by: ticket.rejected
  void_by: ticket.closed
"""


def plan_text(commitments: str, name: str = "test-plan") -> str:
    """A whole plan from commitments that say only what matters."""
    lines = []
    for line in commitments.strip("\n").splitlines():
        lines.append(f"  {line}")
        if line.endswith(":") and not line.startswith(" "):
            title = line[:-1]
            lines.append(f"    title: {{zh: {title}, en: {title}}}")
            lines.append(f"    text: {{zh: {title}。, en: {title}.}}")
            lines.append("    internal: true")
    return HEAD.format(name=name) + "\n".join(lines) + "\n"


_plans = itertools.count(1)


def promised(commitments: str = PLAN, head: str = "") -> str:
    """A plan whose promises the customer was given, as rows S-01, S-02 …; head: more of the plan's own keys."""
    text = plan_text(commitments, f"promised-plan-{next(_plans)}")
    count = text.count("internal: true")
    for row in range(1, count + 1):
        text = text.replace("internal: true", f"source: S-{row:02}", 1)
    return text.replace("zone: Asia", f"prefix: S\npromises: {count}\n{head}zone: Asia", 1)


def contract_under(commitments: str = PLAN, **changes: Any) -> Contract:
    """A contract run by these commitments."""
    return make_contract(text=plan_text(commitments, f"test-plan-{next(_plans)}"), **changes)


def new_case() -> int:
    """The id of a ticket nobody has seen."""
    return next(_cases)


def happens(
    contract: Contract, case: int, verb: str, at: datetime | None = None, **facts: Any
) -> RecordedEvent:
    """Record an event of a ticket, as its services would. at: when it happened, now when not given."""
    return events.record(
        verb,
        actor=SYSTEM,
        subject=("ticket", case),
        customer_id=contract.customer_id,
        contract_id=contract.pk,
        facts=facts,
        occurred_at=at,
    )


def states(contract: Contract, name: str) -> list[str]:
    """The states of a commitment's obligations, oldest first."""
    rows = Obligation.objects.filter(contract=contract, commitment__name=name).order_by("id")
    return [row.state for row in rows]


def beijing(text: str) -> datetime:
    """`2026-03-02 09:00` in Shanghai, as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai")).astimezone(UTC)
