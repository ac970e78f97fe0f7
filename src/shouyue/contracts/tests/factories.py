"""Contracts for tests, made through the services."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from typing import Any

from shouyue.accounts.models import User
from shouyue.contracts import services
from shouyue.contracts.choices import Role
from shouyue.contracts.models import Contract, ContractSite, PlanVersion
from shouyue.kernel import clock
from shouyue.kernel.actor import SYSTEM
from shouyue.parties.models import Customer, Site

_numbers = itertools.count(1)

PLAN = """
plan: small-office
title: {zh: 小型办公运维, en: Small office support}
zone: Asia/Shanghai
windows:
  always: 7x24
  office: {weekly: {mon-fri: ["09:00-12:00", "13:00-18:00"]}, holidays: CN}
scales:
  severity: [minor, major]
  complexity: [simple, complex]
waits:
  customer: {from: ticket.waiting_started, until: ticket.waiting_ended, when: {reason: customer}}
milestones:
  final-acceptance: {title: {zh: 终验, en: Final acceptance}, signed_by: [provider, customer]}
stages:
  technical-support: {title: {zh: 技术支持期, en: Technical support}, from: contract.start, until: final-acceptance}
  after-sales: {title: {zh: 质保期售后, en: After-sales}, from: final-acceptance, until: warranty.end}
  post-warranty: {title: {zh: 质保期后, en: Post-warranty}, from: warranty.end}
warranty:
  starts: final-acceptance
  classes:
    hardware: {title: {zh: 硬件, en: Hardware}, lasts: 3 years}
    system-software: {title: {zh: 系统软件, en: System software}, lasts: 1 year}
catalogue:
  hotline: {title: {zh: 热线咨询, en: Hotline}, when: {request_type: consultation}, charge: free}
  hardware-repair: {title: {zh: 硬件维修, en: Hardware repair}, when: {request_type: incident}, charge: by warranty}
  upgrade: {title: {zh: 软件升级, en: Software upgrade}, charge: {by: stage, after-sales: free, otherwise: quoted}}
defaults: {owner: service_manager}
settles:
  - id: X-1.1
    decision: {zh: 时限自接到申告起算。, en: Limits count from the report.}
    affects: respond
commitments:
  respond:
    kind: deadline
    title: {zh: 响应, en: Response}
    text: {zh: 接到申告后，在约定时限内给出有效答复。, en: Every report gets a qualified answer within the agreed time.}
    internal: true
    from: ticket.reported
    kept_by: ticket.responded
    within: {by: severity, minor: 4 h, major: 10 min, otherwise: 1 h}
    window: {by: severity, major: always, otherwise: office}
  resolve:
    kind: deadline
    title: {zh: 解决, en: Solution}
    text: {zh: 故障在约定时限内解决。, en: Faults are solved within the agreed time.}
    internal: true
    from: ticket.reported
    kept_by: ticket.resolved
    within: 8 h
    window: always
"""
"""A small plan; it names verbs of tickets, which modules above declare."""


def make_plan_version(text: str = PLAN) -> PlanVersion:
    """Store a plan text, or find it stored."""
    return services.store_plan_version(actor=SYSTEM, text=text)


def make_customer(**changes: Any) -> Customer:
    """A customer with a code and name of its own."""
    number = next(_numbers)
    values: dict[str, Any] = {
        "code": f"C{number}",
        "name": f"客户{number}",
        "name_key": f"kehu{number:05}",
        "created_at": clock.now(),
    }
    customer: Customer = Customer.objects.create(**values | changes)
    return customer


def make_site(customer: Customer, **changes: Any) -> Site:
    """A site of a customer."""
    number = next(_numbers)
    values: dict[str, Any] = {
        "customer": customer,
        "name": f"站点{number}",
        "name_key": f"zhandian{number:05}",
        "created_at": clock.now(),
    }
    site: Site = Site.objects.create(**values | changes)
    return site


def make_user(**changes: Any) -> User:
    """A person; of the provider unless customer_id says otherwise. Has no password."""
    number = next(_numbers)
    values: dict[str, Any] = {
        "username": f"user{number}",
        "name": f"人员{number}",
        "name_key": f"renyuan{number:05}",
        "created_at": clock.now(),
    }
    user: User = User.objects.create(**values | changes)
    return user


def make_contract(*, text: str = PLAN, customer: Customer | None = None, **changes: Any) -> Contract:
    """A contract that began a year ago and runs another two, under a small plan (`text`)."""
    today = clock.today("Asia/Shanghai")
    values: dict[str, Any] = {
        "customer_id": (customer or make_customer()).pk,
        "code": f"T{next(_numbers)}",
        "name": "办公运维合同",
        "starts_on": today - timedelta(days=365),
        "ends_on": today + timedelta(days=730),
    }
    if "plan_version_id" not in changes:
        values["plan_version_id"] = make_plan_version(text).pk
    return services.create_contract(actor=SYSTEM, **values | changes)


def make_contract_site(contract: Contract, **changes: Any) -> ContractSite:
    """A site served under the contract; mode and area may be given."""
    site = changes.pop("site", None) or make_site(contract.customer)
    return services.set_site_zone(actor=SYSTEM, contract_id=contract.pk, site_id=site.pk, **changes)


def make_member(contract: Contract, role: str = Role.PROJECT_MANAGER, **changes: Any) -> User:
    """A person with a role in the contract; of the customer for the customer's roles."""
    outside = Role(role).is_outside
    days = {key: changes.pop(key) for key in ("starts_on", "ends_on") if key in changes}
    user = changes.pop("user", None) or make_user(
        customer_id=contract.customer_id if outside else 0, **changes
    )
    services.add_member(actor=SYSTEM, contract_id=contract.pk, user_id=user.pk, role=str(role), **days)
    return user


def reach(contract: Contract, milestone: str, day: date) -> None:
    """Record a milestone with both signatures."""
    services.reach_milestone(
        actor=SYSTEM,
        contract_id=contract.pk,
        name=milestone,
        happened_on=day,
        signed_by_provider="王经理",
        signed_by_customer="李主任",
    )
