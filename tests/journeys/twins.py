"""Two customers whose data look alike, with a contract, a ticket in work, a visit, files and notices each.

Everything people wrote for one of them carries that one's mark, so that a leak shows wherever it happens.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from shouyue.accounts.tests.factories import client_of
from shouyue.calendars import services as calendars
from shouyue.commitments.closing_models import Objection
from shouyue.commitments.models import Commitment, Obligation
from shouyue.commitments.services import closing as closing_periods
from shouyue.commitments.services import packing
from shouyue.contracts.choices import Role
from shouyue.contracts.models import Contract, Membership
from shouyue.contracts.planning import services as planning
from shouyue.contracts.services import set_responsibility
from shouyue.contracts.tests.factories import make_contract, make_contract_site, make_member, reach
from shouyue.contracts.tests.people import make_agent, make_engineer
from shouyue.files.models import StoredFile
from shouyue.files.tests.factories import upload
from shouyue.kernel import clock
from shouyue.kernel.actor import SYSTEM, Actor
from shouyue.notifications.models import Notice
from shouyue.notifications.services import Draft, post
from shouyue.parties.models import Contact
from shouyue.parties.tests.factories import make_contact, make_customer, make_site
from shouyue.signoff.tests.factories import make_admin, make_asker, make_signoff, step_of
from shouyue.tickets import services as tickets
from shouyue.tickets.models import Ticket
from shouyue.visits import services as visits
from shouyue.visits.models import Visit

PLAN = """
plan: {name}
title: {{zh: 办公运维, en: Office support}}
zone: Asia/Shanghai
windows:
  always: 7x24
  office: {{weekly: {{mon-fri: ["09:00-12:00", "13:00-18:00"]}}, holidays: CN}}
scales:
  severity: [minor, major]
milestones:
  final-acceptance: {{title: {{zh: 终验, en: Final acceptance}}, signed_by: [provider, customer]}}
stages:
  technical-support: {{title: {{zh: 技术支持期, en: Technical support}}, from: contract.start, until: final-acceptance}}
  after-sales: {{title: {{zh: 质保期售后, en: After-sales}}, from: final-acceptance}}
defaults: {{owner: service_manager}}
commitments:
  respond:
    kind: deadline
    title: {{zh: 响应 {mark}, en: Response {mark}}}
    text: {{zh: 十分钟内答复 {mark}。, en: An answer within ten minutes {mark}.}}
    internal: true
    from: ticket.reported
    kept_by: ticket.responded
    within: 10 min
  repair:
    kind: deadline
    title: {{zh: 修复 {mark}, en: Repair {mark}}}
    text: {{zh: 八小时内修复 {mark}。, en: Repaired within eight hours {mark}.}}
    internal: true
    from: ticket.reported
    kept_by: ticket.resolved
    within: 8 h
"""


@dataclass
class Twin:
    """One of the two. ids: what a path of a page or of the API may name, by the name of its parameter."""

    mark: str
    contract: Contract
    ticket: Ticket
    visit: Visit
    contact: Contact
    ids: dict[str, Any] = field(default_factory=dict)
    people: dict[str, Actor] = field(default_factory=dict)

    def browser(self, person: str) -> Any:
        return client_of(self.people[person])


def make_twins() -> tuple[Twin, Twin]:
    """Alike but for their marks."""
    return _make("TWA", "甲方暗号alfamark"), _make("TWB", "乙方暗号bravomark")


def _judged(contract: Contract, manager: Actor, mark: str) -> tuple[int, int, int]:
    """An open objection to a verdict, a closed period and an evidence pack nobody has made yet."""
    row = Obligation.objects.filter(contract=contract).earliest("id")
    objection = Objection.objects.create(
        customer_id=contract.customer_id,
        contract=contract,
        obligation=row,
        kind="dispute",
        reason="other",
        text=f"异议 {mark}",
        state="proposed",
        verdict_before="kept",
        proposed_by_id=manager.user_id,
        proposed_at=clock.now(),
    )
    today = clock.today(contract.time_zone)
    last = (today.replace(day=1) - timedelta(days=1)).strftime("%Y-%m")
    closed = closing_periods.close_period(actor=manager, contract_id=contract.pk, period=last)
    pack = packing.ask_pack(actor=manager, contract_id=contract.pk, period=last)
    return objection.pk, closed.pk, pack.pk


def _make(code: str, mark: str) -> Twin:
    customer = make_customer(code=code, name=f"市图书馆 {mark}", short_name=f"馆 {mark}")
    contract = make_contract(
        text=PLAN.format(name=code.lower(), mark=mark),
        customer=customer,
        code=code,
        name=f"办公运维 {mark}",
        desk_phone="400-800-1234",
    )
    site = make_site(customer, name=f"总馆 {mark}", address=f"一号路 {mark}")
    make_contract_site(contract, site=site)
    contact = make_contact(customer, name=f"张伟 {mark}", phone="13800138000", site_id=site.id)
    reach(contract, "final-acceptance", contract.starts_on)
    set_responsibility(actor=SYSTEM, contract_id=contract.pk, activity=f"巡检 {mark}")
    calendar = calendars.create_customer_calendar(
        actor=SYSTEM, customer_id=customer.id, name=f"馆历 {mark}", weekly={0: "09:00-17:00"}, note=mark
    )
    agent, engineer = make_agent(), make_engineer(contract)
    ticket = tickets.report_ticket(
        actor=agent,
        contract_id=contract.pk,
        site_id=site.id,
        requester_id=contact.id,
        channel="phone",
        request_type="incident",
        title=f"读者查询机黑屏 {mark}",
        description=f"三楼查询机黑屏 {mark}",
    )
    tickets.take_ticket(actor=agent, ticket_id=ticket.pk)
    tickets.respond_to_ticket(actor=agent, ticket_id=ticket.pk, text=f"已安排 {mark}")
    tickets.comment_on_ticket(actor=agent, ticket_id=ticket.pk, text=f"公开 {mark}", public=True)
    tickets.comment_on_ticket(actor=agent, ticket_id=ticket.pk, text=f"内部 {mark}")
    tickets.attach_file(actor=agent, ticket_id=ticket.pk, upload=upload(f"{mark}.png"))
    visit = visits.dispatch_visit(actor=agent, ticket_id=ticket.pk, engineer_id=engineer.user_id or 0)
    reader = make_member(contract, Role.LEADER, name=f"李主任 {mark}")
    post([Draft(reader.pk, customer.id, "in_app", f"通知 {mark}", key=f"twin:{code}", body=mark)])
    asker = make_asker(contract)
    make_admin(contract)
    signoff = make_signoff(contract, actor=asker, label=f"远程检查 {mark}", scope=f"只读检查 {mark}")
    twin = Twin(mark, contract, Ticket.objects.get(pk=ticket.pk), visit, contact)
    twin.people = {
        "leader": _actor(reader),
        "it_contact": _actor(make_member(contract, Role.IT_CONTACT)),
        "end_user": _actor(make_member(contract, Role.END_USER)),
        "supervision": _actor(make_member(contract, Role.SUPERVISION_FIRM)),
        "engineer": engineer,
        "manager": _actor(make_member(contract, Role.PROJECT_MANAGER)),
    }
    text = contract.plan_version.text
    draft = planning.create_draft(
        actor=SYSTEM,
        contract_id=contract.pk,
        start=f"version:{contract.plan_version_id}",
        name=f"草稿 {mark}",
    )
    proposal = planning.propose_plan(
        actor=SYSTEM, contract_id=contract.pk, text=f"{text}\n# proposed\n", note=f"提案 {mark}"
    )
    objection, closing, pack = _judged(contract, twin.people["manager"], mark)
    twin.ids = {
        "objection_id": objection,
        "closing_id": closing,
        "pack_id": pack,
        "draft_id": draft.pk,
        "proposal_id": proposal.pk,
        "number": ticket.number,
        "code": code,
        "customer_id": customer.id,
        "site_id": site.id,
        "contact_id": contact.id,
        "contract_id": contract.pk,
        "visit_id": visit.pk,
        "file_id": StoredFile.objects.get(customer_id=customer.id).pk,
        "obligation_id": Obligation.objects.filter(contract=contract).latest("id").pk,
        "commitment": Commitment.objects.filter(contract=contract).latest("id").name,
        "notice_id": Notice.objects.get(user=reader).pk,
        "user_id": reader.pk,
        "membership_id": Membership.objects.get(user=reader).pk,
        "responsibility_id": contract.responsibilities.get().pk,
        "signoff_number": signoff.number,
        "step_id": step_of(signoff).pk,
        "key": f"customer:{calendar.pk}",
        "month": f"{clock.now():%Y-%m}",
        "day": date(2026, 10, 1),
    }
    return twin


def _actor(user: Any) -> Actor:
    from shouyue.accounts.queries import actor_from

    return actor_from(user)
