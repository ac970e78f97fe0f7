"""A contract under one of the five plans, driven through the real services in virtual time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from shouyue.accounts.queries import actor_of
from shouyue.commitments.models import Commitment, Obligation
from shouyue.commitments.services import attesting
from shouyue.commitments.services.gating import record_refusals
from shouyue.commitments.services.sweep import sweep_all
from shouyue.commitments.tests.factories import beijing
from shouyue.contracts.models import Contract
from shouyue.contracts.tests.factories import make_contract, make_contract_site, make_member
from shouyue.contracts.tests.people import make_agent, make_contact
from shouyue.files.tests.factories import PNG
from shouyue.kernel import clock
from shouyue.kernel.actor import Actor
from shouyue.signoff import services as signoffs
from shouyue.signoff.models import Signoff
from shouyue.signoff.queries import steps_of
from shouyue.signoff.services import Asked
from shouyue.tickets import services as _tickets  # noqa: F401 - declares the package
from shouyue.tickets.models import Ticket
from shouyue.tickets.services import assignment, closing, reporting, triage, work
from shouyue.visits import services as visits

PLANS = Path(__file__).resolve().parent.parent.parent / "plans"
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MONDAY = beijing("2026-03-02 09:00")


def only(plan: str, *names: str) -> str:
    """A plan's text with some of its promises alone, word for word; the rest would only cost time."""
    head, _, promises = (PLANS / f"{plan}.yaml").read_text(encoding="utf-8").partition("\ncommitments:\n")
    for section in ("settles", "scores"):
        head = re.sub(rf"^{section}:\n(?:[ #].*\n|\n)*", "", head + "\n", flags=re.M)
    blocks = dict(re.findall(r"^  ([a-z0-9-]+):\n((?:    .*\n|\n)+)", promises + "\n", re.M))
    chosen = "".join(f"  {name}:\n{blocks[name]}" for name in names)
    return f"{head}\ncommitments:\n{chosen}"


class Story:
    """One ticket of one contract. Every act says how long after the report it happens.

    names: the promises that run, without any all of the plan's.
    """

    def __init__(
        self,
        plan: str,
        start: datetime = MONDAY,
        names: Sequence[str] = (),
        starts_on: date = date(2026, 1, 1),
    ) -> None:
        self.start = start
        with clock.at(start - DAY):
            self.contract: Contract = make_contract(
                text=only(plan, *names) if names else (PLANS / f"{plan}.yaml").read_text(encoding="utf-8"),
                starts_on=starts_on,
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

    def report_in_full(self, **changes: Any) -> Story:
        """Report with everything an engineer must know before setting out."""
        with self.at(timedelta()):
            site = make_contract_site(self.contract).site_id
            caller = make_contact(self.contract, phone="13800001111")
        return self.report(site_id=site, requester_id=caller.pk, **changes)

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
        return self._act(triage.triage_ticket, after, **{"urgency": "high", "impact": "group"} | levels)

    def attribute(self, after: timedelta) -> Story:
        return self._act(triage.set_attribution, after, attribution="ours")

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

    def hold(self, after: timedelta, reason: str) -> Story:
        """Work stands still for somebody."""
        return self._act(work.start_waiting, after, reason=reason, note="等待中")

    def go_on(self, after: timedelta) -> Story:
        return self._act(work.end_waiting, after)

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

    def begin_work(self, after: timedelta, *uses: str) -> Story:
        with self.at(after):
            sweep_all()
            self.visit = visits.begin_work(actor=self.agent, visit_id=self.visit.pk, uses=uses)
        return self

    def leave(self, after: timedelta, outcome: str = "solved", **told: str) -> Story:
        with self.at(after):
            sweep_all()
            self.visit = visits.leave(actor=self.agent, visit_id=self.visit.pk, outcome=outcome, **told)
        return self

    def reopen(self, after: timedelta) -> Story:
        return self._act(closing.reopen_ticket, after, reason="又出现了")

    def link(self, after: timedelta) -> Story:
        """Tie it to another ticket of the customer."""
        assert self.ticket is not None
        with self.at(after):
            other = reporting.report_ticket(
                actor=self.agent,
                contract_id=self.contract.pk,
                channel="phone",
                request_type="incident",
                title="原厂协调更换",
                description="协调原厂处理巡检发现的问题。",
            )
        return self._act(triage.link_tickets, after, other_id=other.pk, kind="relates")

    def attest(self, after: timedelta, name: str, role: str) -> Story:
        """Somebody in the role vouches for the promise about this ticket, with a picture."""
        with self.at(after):
            sweep_all()
            attesting.attest(
                actor=actor_of(make_member(self.contract, role).pk),
                commitment_id=Commitment.objects.get(contract=self.contract, name=name).pk,
                note="报告已提交",
                uploads=[SimpleUploadedFile("report.png", PNG, "image/png")],
            )
        return self

    def asked(self, after: timedelta, kind: str, purpose: str, *, about: str = "ticket") -> Signoff:
        """Ask the customer's leader, for signatures the project manager too."""
        subject = {
            "ticket": ("ticket", self.ticket.pk if self.ticket else 0),
            "visit": ("visit", self.visit.pk if self.visit else 0),
            "contract": ("contract", self.contract.pk),
        }[about]
        with self.at(after):
            assert self.leader.user_id
            steps = [Asked(capacity="leader")]
            if kind == "signature":
                steps.insert(0, Asked(user_id=self.manager.user_id))
            return signoffs.ask(
                actor=self.manager,
                kind=kind,
                purpose=purpose,
                subject=subject,
                customer_id=self.contract.customer_id,
                contract_id=self.contract.pk,
                scope="本次服务",
                mode="all",
                steps=steps,
            )

    def agree(self, after: timedelta, kind: str, purpose: str, *, about: str = "ticket") -> Story:
        """Ask, and have everybody say yes."""
        signoff = self.asked(after, kind, purpose, about=about)
        people = [self.manager, self.leader] if kind == "signature" else [self.leader]
        with self.at(after):
            for actor, step in zip(people, steps_of(signoff), strict=True):
                signoffs.give(actor=actor, step_id=step.pk, typed_name=actor.name)
        return self

    @cached_property
    def manager(self) -> Actor:
        return actor_of(make_member(self.contract, "project_manager").pk)

    @cached_property
    def leader(self) -> Actor:
        return actor_of(make_member(self.contract, "customer.leader").pk)

    def refused(self, after: timedelta) -> Story:
        """Record what gates held back, as requests, jobs and commands do."""
        with self.at(after):
            record_refusals()
        return self

    def states(self, commitment: str) -> list[str]:
        """The states of a promise's obligations, in the order they came about."""
        rows = Obligation.objects.filter(contract=self.contract, commitment__name=commitment)
        return [row.state for row in rows.exclude(state__in=("void", "waiting")).order_by("id")]

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
