"""One customer, contract, site, caller and engineer for each plan; prints them as JSON. Run in a stack's home."""

from __future__ import annotations

import json
import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shouyue.config.settings")
django.setup()

from django.contrib.auth.hashers import make_password  # noqa: E402 - Django must be set up before

from shouyue.accounts import services as accounts  # noqa: E402
from shouyue.accounts.models import User  # noqa: E402
from shouyue.accounts.queries import actor_from  # noqa: E402
from shouyue.contracts import services as contracts  # noqa: E402
from shouyue.contracts.queries import scale  # noqa: E402
from shouyue.kernel import clock  # noqa: E402
from shouyue.kernel.actor import SYSTEM  # noqa: E402
from shouyue.kernel.scope import EVERYTHING, acting_in  # noqa: E402
from shouyue.parties import services as parties  # noqa: E402
from shouyue.parties.choices import Capacity  # noqa: E402
from shouyue.tickets import services as tickets  # noqa: E402

PLANS = Path(__file__).resolve().parents[2] / "plans"
LATE = timedelta(days=20)
PEOPLE = (
    ("何静", "田野"),
    ("许岚", "郭强"),
    ("唐敏", "孟凯"),
    ("冯雪", "罗成"),
    ("邓萍", "梁伟"),
    ("曹丽", "宋涛"),
    ("彭霞", "董斌"),
    ("蒋云", "袁浩"),
)


def make(place: int, plan: str, password: str) -> dict[str, Any]:
    """The world of one plan, with one ticket nobody has answered for twenty days."""
    today = clock.today("Asia/Shanghai")
    caller_name, engineer_name = PEOPLE[place]
    code = f"PATH{place}"
    customer = parties.create_customer(actor=SYSTEM, code=code, name=f"路径客户{place}", short_name=code)
    site = parties.create_site(
        actor=SYSTEM, customer_id=customer.pk, name=f"{place}号楼", address="测试路 1 号"
    )
    text = next(PLANS.rglob(f"{plan}.yaml")).read_text(encoding="utf-8")
    contract = contracts.create_contract(
        actor=SYSTEM,
        customer_id=customer.pk,
        code=code,
        name=f"运维合同{place}",
        starts_on=today - timedelta(days=200),
        ends_on=today + timedelta(days=500),
        plan_version_id=contracts.store_plan_version(actor=SYSTEM, text=text).pk,
        desk_phone="400-800-1234",
    )
    areas = scale(contract.pk, "zone") or ("urban",)
    contracts.set_site_zone(actor=SYSTEM, contract_id=contract.pk, site_id=site.pk, area=areas[-1])
    users = {}
    for short, name, role in (
        ("engineer", engineer_name, "field_engineer"),
        ("hq", "于总", "hq"),
        ("caller", caller_name, "customer.end_user"),
    ):
        outside = role.startswith("customer.")
        user = accounts.create_user(
            actor=SYSTEM,
            username=f"{short}.{code.lower()}",
            name=name,
            language="zh-hans",
            customer_id=customer.pk if outside else 0,
        )
        contracts.add_member(actor=SYSTEM, contract_id=contract.pk, user_id=user.pk, role=role)
        users[short] = user
    User.objects.filter(pk__in=[user.pk for user in users.values()]).update(password=make_password(password))
    caller = parties.create_contact(
        actor=SYSTEM,
        customer_id=customer.pk,
        site_id=site.pk,
        name=caller_name,
        phone=f"1380000{place:04d}",
        capacities=[Capacity.END_USER, Capacity.LEADER, Capacity.SERVER_ADMIN, Capacity.APPROVER],
        user_id=users["caller"].pk,
    )
    agent = actor_from(User.objects.get(username="agent.zh"))
    with clock.at(clock.now() - LATE):
        late = tickets.report_ticket(
            actor=agent,
            contract_id=contract.pk,
            site_id=site.pk,
            requester_id=caller.pk,
            channel="phone",
            request_type="incident",
            title="二十天无人答复",
            description="至今没有人答复。",
            urgency="high",
            impact="site",
        )
    return {
        "code": code,
        "site": site.name,
        "phone": caller.phone,
        "caller": caller_name,
        "engineer": engineer_name,
        "engineer_id": users["engineer"].pk,
        "engineer_user": users["engineer"].username,
        "caller_user": users["caller"].username,
        "late": late.number,
    }


if __name__ == "__main__":
    with acting_in(EVERYTHING):
        print(json.dumps({plan: make(at, plan, sys.argv[1]) for at, plan in enumerate(sys.argv[2:])}))
