"""The benchmark's cast, made through the services: customers, contracts under the five plans, people with tokens.

Beside them some lives of tickets per contract, lived through the services in virtual time: what the loader copies.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

CUSTOMERS = 16
CONTRACTS = 20
MIDDLE = 6
"""Contracts of the person with a middle scope."""
AGED = timedelta(days=3)


@dataclass
class Cast:
    """Who asks, with the means to: API tokens and session cookies by role; and what the loader copies."""

    tokens: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    contracts: list[list[int]] = field(default_factory=list)  # id, customer, site, contact
    settled: list[int] = field(default_factory=list)
    unsettled: list[int] = field(default_factory=list)
    until: str = ""

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, path: Path) -> Cast:
        return cls(**json.loads(path.read_text()))


def make(plans: Path) -> Cast:
    """The cast of an empty database. Django must be set up."""
    from shouyue.accounts.models import User
    from shouyue.accounts.queries import actor_from
    from shouyue.commitments.services.sweep import sweep_all
    from shouyue.kernel import clock
    from shouyue.kernel.scope import EVERYTHING, acting_in

    cast = Cast()
    now = clock.now()
    cast.until = now.isoformat()
    with acting_in(EVERYTHING):
        agent = _user("bench.agent", roles=["desk_agent"])
        engineer, regional = _user("bench.engineer"), _user("bench.regional")
        manager = _user("bench.manager")
        _contracts(cast, plans)
        customer = _user("bench.customer", customer_id=cast.contracts[0][1])
        _members(cast, engineer, regional, customer, manager)
        for role, user in (
            ("wide", agent),
            ("narrow", engineer),
            ("middle", regional),
            ("customer", customer),
        ):
            cast.tokens[role] = _token(User.objects.get(pk=user.pk))
            cast.cookies[role] = _session(user)
        actor = actor_from(agent)
    for contract in cast.contracts:
        for number, life in enumerate(SETTLED):
            cast.settled.append(_live(actor, contract, life, now - AGED + timedelta(minutes=7 * number)))
        for number, life in enumerate(UNSETTLED):
            cast.unsettled.append(_live(actor, contract, life, now - timedelta(hours=5, minutes=number)))
    sweep_all()
    return cast


def _user(username: str, **values: Any) -> Any:
    from shouyue.accounts import services
    from shouyue.kernel.actor import SYSTEM

    return services.create_user(
        actor=SYSTEM, username=username, name=username.split(".")[1], password="bench-Password-1", **values
    )


def _contracts(cast: Cast, plans: Path) -> None:
    from shouyue.contracts import services
    from shouyue.contracts.services import store_plan_version
    from shouyue.kernel import clock
    from shouyue.kernel.actor import SYSTEM
    from shouyue.parties.models import Contact, Customer, Site

    now, today = clock.now(), clock.today("Asia/Shanghai")
    versions = [
        store_plan_version(actor=SYSTEM, text=path.read_text()) for path in sorted(plans.glob("*.yaml"))
    ]
    customers = [
        Customer.objects.create(code=f"BC{i}", name=f"客户{i}", name_key=f"kehu{i:05}", created_at=now)
        for i in range(CUSTOMERS)
    ]
    for i in range(CONTRACTS):
        customer = customers[i % CUSTOMERS]
        contract = services.create_contract(
            actor=SYSTEM,
            customer_id=customer.pk,
            code=f"B{chr(65 + i)}",
            name=f"运维合同{i}",
            starts_on=today - timedelta(days=400),
            ends_on=today + timedelta(days=700),
            plan_version_id=versions[i % len(versions)].pk,
        )
        site = Site.objects.create(
            customer=customer, name=f"站点{i}", name_key=f"zhandian{i:05}", created_at=now
        )
        services.set_site_zone(actor=SYSTEM, contract_id=contract.pk, site_id=site.pk)
        contact = Contact.objects.create(
            customer=customer, site=site, name="赵敏", name_key="zhaomin", created_at=now
        )
        cast.contracts.append([contract.pk, customer.pk, site.pk, contact.pk])


def _members(cast: Cast, engineer: Any, regional: Any, customer: Any, manager: Any) -> None:
    from shouyue.contracts.services import add_member
    from shouyue.kernel.actor import SYSTEM

    first = cast.contracts[0][0]
    members = [(engineer, "field_engineer", first), (customer, "customer.it_contact", first)]
    members += [(regional, "project_manager", row[0]) for row in cast.contracts[:MIDDLE]]
    members += [(manager, "project_manager", row[0]) for row in cast.contracts]  # told by every sweep
    for user, role, contract_id in members:
        add_member(actor=SYSTEM, contract_id=contract_id, user_id=user.pk, role=role)


def _token(user: Any) -> str:
    from shouyue.accounts import services
    from shouyue.accounts.queries import actor_from
    from shouyue.kernel import clock

    actor = actor_from(user)
    expires = clock.now() + timedelta(days=300)
    return services.create_token(
        actor=actor, name="bench", scopes=["tickets:write"], expires_at=expires
    ).secret


def _session(user: Any) -> str:
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    from shouyue.accounts.sessions import SessionStore

    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = "shouyue.accounts.backends.PasswordBackend"
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.save()
    return str(store.session_key)


# --- lives: (minutes after the step before, service, arguments) --------------------------------------------------

TITLES = ("路口监控画面中断", "打印机无法打印", "核心交换机告警", "办公系统登录缓慢", "服务器磁盘空间不足")
TEXT = "值班员反映设备异常，现场初步检查电源与网络正常，请尽快派人处理。" * 3
Step = tuple[int, str, dict[str, Any]]

_START: tuple[Step, ...] = (
    (4, "triage_ticket", {"urgency": "medium", "impact": "one"}),
    (2, "respond_to_ticket", {"text": "已受理，工程师正在远程检查。"}),
    (3, "take_ticket", {}),
    (20, "comment_on_ticket", {"text": "检查了链路与供电，怀疑终端设备故障。"}),
)
_HANDLING = {"judgement": "电源模块老化", "handling": "更换电源模块", "result": "恢复正常"}
_END: tuple[Step, ...] = (
    (30, "resolve_ticket", {"texts": _HANDLING, "cause": "line_hardware"}),
    (20, "call_back", {"text": "已回访", "to": "command_centre"}),
    (5, "confirm_resolution", {"by_name": "赵敏"}),
    (9, "close_ticket", {}),
)
_WAIT: tuple[Step, ...] = (
    (15, "start_waiting", {"reason": "customer", "note": "等待用户确认时间"}),
    (60, "end_waiting", {}),
)
_MORE: tuple[Step, ...] = ((30, "comment_on_ticket", {"text": "备件已送达现场。", "public": True}),)
SETTLED: tuple[tuple[Step, ...], ...] = (
    (*_START, *_END),
    (*_START, *_MORE, *_END),
    (*_START, *_WAIT, *_END),
    (*_START, *_MORE, *_WAIT, *_MORE, *_END),
    (*_START[:3], *_END),
    (_START[0], _START[2], (500, "comment_on_ticket", {"text": "延误说明"}), *_END),
)
UNSETTLED: tuple[tuple[Step, ...], ...] = (
    (),
    _START[:1],
    _START[:3],
    _START,
    (*_START, *_MORE, _WAIT[0]),
    (*_START, _END[0]),
)


def _live(actor: Any, contract: list[int], life: tuple[Step, ...], begun: datetime) -> int:
    """One ticket's life from `begun`; what the contract's plan refuses is left out. Returns the ticket's id."""
    from shouyue.contracts import queries
    from shouyue.kernel import clock
    from shouyue.kernel.errors import ShouyueError
    from shouyue.kernel.scope import EVERYTHING, acting_in
    from shouyue.tickets import services

    contract_id, _customer, site, contact = contract
    at = begun
    with clock.at(at), acting_in(EVERYTHING):
        severities = queries.scale(contract_id, "severity")
        number = services.report_ticket(
            actor=actor,
            contract_id=contract_id,
            site_id=site,
            requester_id=contact,
            channel="phone",
            request_type="incident",
            title=TITLES[len(life) % len(TITLES)],
            description=TEXT,
            severity=severities[len(life) % len(severities)] if severities else "",
        ).pk
    for minutes, verb, arguments in life:
        at += timedelta(minutes=minutes)
        try:
            with clock.at(at), acting_in(EVERYTHING):
                getattr(services, verb)(actor=actor, ticket_id=number, **arguments)
        except ShouyueError:
            continue
    return int(number)
