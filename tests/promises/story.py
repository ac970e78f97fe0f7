"""A contract under one of the five plans, driven through the real services in virtual time."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from shouyue.commitments.models import Obligation
from shouyue.commitments.services.sweep import sweep_all
from shouyue.contracts.models import Contract
from shouyue.contracts.tests.factories import make_contract, make_contract_site
from shouyue.kernel import clock
from shouyue.tickets import services as _tickets  # noqa: F401 - declares the package
from shouyue.tickets.models import Ticket
from shouyue.tickets.services import assignment, closing, reporting, triage, work
from shouyue.tickets.tests.factories import make_agent
from shouyue.visits import services as visits

PLANS = Path(__file__).resolve().parent.parent.parent / "plans"
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def beijing(text: str) -> datetime:
    """`2026-03-02 09:00` in Shanghai, as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai")).astimezone(UTC)


MONDAY = beijing("2026-03-02 09:00")


class Story:
    """One ticket of one contract. Every act says how long after the report it happens."""

    def __init__(self, plan: str, start: datetime = MONDAY) -> None:
        self.start = start
        with clock.at(start - DAY):
            self.contract: Contract = make_contract(
                text=(PLANS / f"{plan}.yaml").read_text(encoding="utf-8"),
                starts_on=date(2026, 1, 1),
                ends_on=date(2028, 12, 31),
            )
            self.agent = make_agent()
        self.ticket: Ticket | None = None
        self.visit: Any = None

    def at(self, after: timedelta) -> AbstractContextManager[None]:
        """The clock so long after the report."""
        return clock.at(self.start + after)

    def report(self, *, zone: str = "", **changes: Any) -> Story:
        values: dict[str, Any] = {
            "channel": "phone",
            "request_type": "incident",
            "title": "前端画面中断",
            "description": "值班员反映画面中断。",
            "urgency": "high",
            "impact": "site",
        }
        with self.at(timedelta()):
            if zone:
                values["site_id"] = make_contract_site(self.contract, area=zone).site_id
            self.ticket = reporting.report_ticket(
                actor=self.agent, contract_id=self.contract.pk, **values | changes
            )
        return self

    def _act(self, service: Any, after: timedelta, **arguments: Any) -> Story:
        assert self.ticket is not None
        with self.at(after):
            sweep_all()
            self.ticket = service(actor=self.agent, ticket_id=self.ticket.pk, **arguments)
        return self

    def take(self, after: timedelta) -> Story:
        return self._act(assignment.take_ticket, after)

    def respond(self, after: timedelta) -> Story:
        return self._act(work.respond_to_ticket, after)

    def grade(self, after: timedelta, **levels: str) -> Story:
        return self._act(triage.grade_ticket, after, **levels)

    def triage(self, after: timedelta, **levels: Any) -> Story:
        return self._act(triage.triage_ticket, after, **{"urgency": "high", "impact": "many"} | levels)

    def resolve(self, after: timedelta, **handling: Any) -> Story:
        return self._act(
            closing.resolve_ticket, after, **{"permanent_fix": "更换电源模块，画面恢复。"} | handling
        )

    def call_back(self, after: timedelta) -> Story:
        return self._act(closing.call_back, after, text="已回报指挥中心")

    def confirm(self, after: timedelta) -> Story:
        return self._act(closing.confirm_resolution, after, by_name="赵敏", via="phone")

    def reject(self, after: timedelta) -> Story:
        return self._act(closing.reject_resolution, after, reason="仍有雪花")

    def close(self, after: timedelta) -> Story:
        return self._act(closing.close_ticket, after)

    def propose(self, after: timedelta) -> Story:
        return self._act(work.propose_solution, after, text="先切换备用链路")

    def promise(self, after: timedelta, promised: timedelta) -> Story:
        return self._act(work.promise_answer, after, promised_at=self.start + promised)

    def answer(self, after: timedelta) -> Story:
        return self._act(work.give_answer, after, text="已确认原因")

    def raise_tier(self, after: timedelta, tier: str) -> Story:
        return self._act(assignment.raise_tier, after, to_tier=tier, reason="需要专家到场")

    def dispatch(self, after: timedelta) -> Story:
        assert self.ticket is not None
        with self.at(after):
            sweep_all()
            self.visit = visits.dispatch_visit(
                actor=self.agent, ticket_id=self.ticket.pk, engineer_id=self.agent.user_id or 0
            )
        return self

    def _step(self, service: Any, after: timedelta) -> Story:
        with self.at(after):
            sweep_all()
            self.visit = service(actor=self.agent, visit_id=self.visit.pk)
        return self

    def receive(self, after: timedelta) -> Story:
        return self._step(visits.receive_visit, after)

    def depart(self, after: timedelta) -> Story:
        return self._step(visits.depart, after)

    def arrive(self, after: timedelta) -> Story:
        """The engineer stands at the door; what must precede it is done just before."""
        if self.visit is None:
            self.dispatch(after - 3 * timedelta(seconds=1))
            self.receive(after - 2 * timedelta(seconds=1))
            self.depart(after - timedelta(seconds=1))
        return self._step(visits.arrive, after)

    def wait(self, after: timedelta) -> Story:
        """Time passes."""
        with self.at(after):
            sweep_all()
        return self

    def state(self, commitment: str) -> str:
        """The state of a promise's one obligation that is not void; `none` when there is none."""
        rows = list(
            Obligation.objects.filter(contract=self.contract, commitment__name=commitment).exclude(
                state__in=("void", "waiting")
            )
        )
        assert len(rows) <= 1, [(row.state, row.due_at) for row in rows]
        return rows[0].state if rows else "none"

    def due(self, commitment: str) -> timedelta | None:
        """How long after the report a promise is due."""
        row = Obligation.objects.exclude(state="void").get(
            contract=self.contract, commitment__name=commitment
        )
        return row.due_at - self.start if row.due_at else None


BREAKS = {"missed", "late"}
