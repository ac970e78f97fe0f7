"""Who and what a running stack begins with, made through the services; prints it as JSON. Run in its home."""

from __future__ import annotations

import json
import os
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shouyue.config.settings")
django.setup()

from django.contrib.auth.hashers import make_password  # noqa: E402 - Django must be set up before

from shouyue.accounts import services as accounts  # noqa: E402 - Django must be set up before
from shouyue.accounts.models import User  # noqa: E402
from shouyue.accounts.queries import actor_from  # noqa: E402
from shouyue.commitments.models import Obligation  # noqa: E402
from shouyue.contracts import services as contracts  # noqa: E402
from shouyue.kernel import clock  # noqa: E402
from shouyue.kernel.actor import SYSTEM, Actor  # noqa: E402
from shouyue.kernel.scope import EVERYTHING, acting_in  # noqa: E402
from shouyue.parties import services as parties  # noqa: E402
from shouyue.parties.models import Contact  # noqa: E402
from shouyue.tickets import services as tickets  # noqa: E402
from shouyue.tickets.models import Ticket  # noqa: E402
from shouyue.visits import services as visits  # noqa: E402

PLANS = Path(__file__).resolve().parent.parent / "plans"
PASSWORD = "right-Horse-27"
LANGUAGES = {"zh": "zh-hans", "en": "en"}
STAFF = {
    "agent": ("周婷", ["desk_agent"]),
    "manager": ("钱立", ["service_manager"]),
    "auditor": ("孔明远", ["audit_admin"]),
    "sysadmin": ("石磊", ["system_admin"]),
    "secadmin": ("安静", ["security_admin"]),
    "dispatcher": ("杜调", ["dispatcher"]),
    "hq": ("宋总", ["hq"]),
    "quality": ("费明", ["quality_manager"]),
}
MEMBERS = {
    "engineer": ("田野", "field_engineer"),
    "resident": ("毕常", "resident_engineer"),
    "project": ("项前", "project_manager"),
    "customer": ("赵敏", "customer.it_contact"),
    "leader": ("李主任", "customer.leader"),
    "supervision": ("郑监", "supervision_firm"),
}
TITLES = ("会议室投影无信号", "财务打印机卡纸", "办公网络时断时续", "门禁读卡器无响应", "电话分机无拨号音")


def make() -> dict[str, Any]:
    now, today = clock.now(), clock.today("Asia/Shanghai")
    city = parties.create_customer(
        actor=SYSTEM, code="BHZW", name="滨海市政务服务中心", short_name="滨海政务"
    )
    firm = parties.create_customer(actor=SYSTEM, code="LJWL", name="临江物流集团", short_name="临江物流")
    hall = parties.create_site(actor=SYSTEM, customer_id=city.pk, name="政务大厅", address="滨海大道 1 号")
    depot = parties.create_site(actor=SYSTEM, customer_id=firm.pk, name="一号仓", address="临江路 9 号")
    building = _contract("gov-build", "GB", city.pk, "政府大楼运维", today)
    software = _contract("sw-warranty", "SW", firm.pk, "业务软件质保", today)
    for contract, site in ((building, hall), (software, depot)):
        contracts.set_site_zone(actor=SYSTEM, contract_id=contract.pk, site_id=site.pk)
    people: dict[str, dict[str, Any]] = {}
    for short, language in LANGUAGES.items():
        for role, (name, roles) in STAFF.items():
            people[f"{role}.{short}"] = _user(f"{role}.{short}", name, language, roles=roles)
        for role, (name, held) in MEMBERS.items():
            outside = held.startswith(("customer.", "supervision"))
            row = _user(f"{role}.{short}", name, language, customer_id=city.pk if outside else 0)
            contracts.add_member(actor=SYSTEM, contract_id=building.pk, user_id=row["id"], role=held)
            people[f"{role}.{short}"] = row
    caller = parties.create_contact(
        actor=SYSTEM, customer_id=city.pk, site_id=hall.pk, name="何静", phone="13912345678"
    )
    for short in LANGUAGES:
        Contact.objects.create(
            customer_id=city.pk,
            site_id=hall.pk,
            user_id=people[f"customer.{short}"]["id"],
            name="赵敏",
            name_key="zhaomin zm",
            created_at=now,
        )
    User.objects.filter(pk__in=[row["id"] for row in people.values()]).update(
        password=make_password(PASSWORD)
    )
    agent = actor_from(people["agent.zh"]["row"])
    engineers = {short: people[f"engineer.{short}"]["id"] for short in LANGUAGES}
    made, sent = _lives(agent, building.pk, hall.pk, caller.pk, engineers)
    secret = accounts.create_token(
        actor=agent, name="crash", scopes=["tickets:write"], expires_at=now + timedelta(days=1)
    ).secret
    return {
        "password": PASSWORD,
        "users": {username: row["id"] for username, row in people.items()},
        "tickets": made,
        "visits": sent,
        "settled": _settled(made["resolved"]),
        "token": secret,
        "contract_id": building.pk,
        "site_id": hall.pk,
        "caller_id": caller.pk,
        "phone": caller.phone,
    }


def _settled(number: str) -> int:
    """An obligation of a ticket that has its verdict."""
    ticket = Ticket.objects.get(number=number)
    return Obligation.objects.get(
        case_type="ticket", case_id=ticket.pk, commitment__name="respond", state="kept"
    ).pk


def _contract(plan: str, code: str, customer_id: int, name: str, today: date) -> Any:
    version = contracts.store_plan_version(
        actor=SYSTEM, text=(PLANS / f"{plan}.yaml").read_text(encoding="utf-8")
    )
    return contracts.create_contract(
        actor=SYSTEM,
        customer_id=customer_id,
        code=code,
        name=name,
        starts_on=today - timedelta(days=200),
        ends_on=today + timedelta(days=500),
        plan_version_id=version.pk,
        desk_phone="400-800-1234",
    )


def _user(username: str, name: str, language: str, **values: Any) -> dict[str, Any]:
    row = accounts.create_user(actor=SYSTEM, username=username, name=name, language=language, **values)
    return {"id": row.pk, "row": row}


def _lives(
    agent: Actor, contract_id: int, site_id: int, caller_id: int, engineers: dict[str, int]
) -> tuple[dict[str, str], dict[str, int]]:
    """Tickets in different states, reported over the last hours, and the visit of each engineer by language."""
    numbers, sent = {}, {}
    now = clock.now()
    for hours, (state, title) in enumerate(
        zip(("new", "accepted", "waiting", "visited", "resolved"), TITLES, strict=True)
    ):
        at = now - timedelta(hours=hours, minutes=3)
        with clock.at(at):
            ticket = tickets.report_ticket(
                actor=agent,
                contract_id=contract_id,
                site_id=site_id,
                requester_id=caller_id,
                channel="phone",
                request_type="incident",
                title=title,
                description=f"{title}，请尽快处理。",
            )
        with clock.at(at + timedelta(minutes=2)):
            if state != "new":
                tickets.triage_ticket(actor=agent, ticket_id=ticket.pk, urgency="high", impact="site")
                tickets.take_ticket(actor=agent, ticket_id=ticket.pk)
                tickets.respond_to_ticket(actor=agent, ticket_id=ticket.pk, text="已受理，马上检查。")
            if state == "waiting":
                tickets.start_waiting(actor=agent, ticket_id=ticket.pk, reason="part", note="等待备件")
            if state == "visited":
                for short, engineer_id in engineers.items():
                    sent[short] = visits.dispatch_visit(
                        actor=agent, ticket_id=ticket.pk, engineer_id=engineer_id
                    ).pk
            if state == "resolved":
                tickets.resolve_ticket(
                    actor=agent, ticket_id=ticket.pk, texts={"handling": "更换端口", "result": "恢复正常"}
                )
        numbers[state] = ticket.number
    return numbers, sent


if __name__ == "__main__":
    with acting_in(EVERYTHING):
        print(json.dumps(make(), default=str))
