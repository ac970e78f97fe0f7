"""Provider, customers, sites, contacts, accounts and contracts of the demo, entered through the real services."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.contrib.auth.hashers import make_password

from shouyue.accounts.models import User
from shouyue.accounts.queries import actor_from
from shouyue.accounts.services import create_user
from shouyue.commitments import books
from shouyue.contracts import services as contracts
from shouyue.contracts.models import Contract
from shouyue.contracts.plan_language.model import Guard
from shouyue.contracts.rules import acts_of_milestone
from shouyue.demo.rules import texts
from shouyue.demo.rules.rhythm import Pace
from shouyue.demo.rules.script import Caller, Place, Scene
from shouyue.kernel import clock
from shouyue.kernel.actor import SYSTEM
from shouyue.kernel.errors import Invalid
from shouyue.parties import services as parties
from shouyue.parties.models import Contact, Site
from shouyue.signoff import services as signoffs
from shouyue.signoff.queries import contacts_for, steps_of
from shouyue.signoff.services import Asked

CITIES = (
    ("滨海", "resident"),
    ("青屿", "lv.bo"),
    ("临江", "you.jun"),
    ("石泉", "bai.chao"),
    ("南岭", "shui.ming"),
)
CROSSING_STAFF = ("engineer", "zhao.lei", "sun.qiang", "tong.gang")
OUTER_LINES = (("平山线", "平山县", 16), ("柳河线", "柳河县", 16), ("东港支线", "东港镇", 14))


@dataclass(frozen=True)
class Grounds:
    """Where a contract's work happens: places, and the ids of sites that contacts may belong to."""

    places: list[Place]
    homes: list[int]


def plan_text(plan: str) -> str:
    """The plan file as it is shipped. Raises: Invalid when it is not there."""
    package = Path(__file__).resolve().parents[2]
    for folder in (package / "plans", package.parents[1] / "plans"):
        for file in (folder / f"{plan}.yaml", folder / "examples" / f"{plan}.yaml"):
            if file.is_file():
                return file.read_text("utf-8")
    raise Invalid(f"The plan file plans/{plan}.yaml is missing.")


def build(seed: int) -> dict[str, Scene]:
    """Make everything; the scenes by contract code, in the order of the data file. Run it in virtual time."""
    rng = random.Random(f"{seed}:world")
    units = _units()
    firm = parties.create_vendor(
        actor=SYSTEM,
        name="正衡信息工程监理有限公司",
        kind="supervision_firm",
        phone="400-000-0620",
        scope="信息工程监理",
    )
    _vendors()
    made: dict[str, tuple[dict[str, Any], Contract, Grounds]] = {}
    for row in texts.contracts():
        contract = _contract(row, units, firm.pk)
        made[row["code"]] = (row, contract, GROUNDS.get(row["code"], _listed)(contract))
    users = _accounts({code: contract for code, (_row, contract, _grounds) in made.items()})
    scenes = {
        code: _scene(row, contract, grounds, _contacts(row, contract, grounds, users, rng), users)
        for code, (row, contract, grounds) in made.items()
    }
    today = clock.today("Asia/Shanghai")
    for row, contract, _grounds in made.values():
        for name, days in row.get("milestones", {}).items():
            _milestone(row["plan"], contract, name, today + timedelta(days=days), users["service"])
    return scenes


def _units() -> dict[str, int]:
    names = texts.world()["provider"]["units"]
    head = parties.create_unit(actor=SYSTEM, name=names[0], kind="hq")
    found = {names[0]: head.pk}
    for name in names[1:]:
        kind = "region" if "区" in name else "department"
        found[name] = parties.create_unit(actor=SYSTEM, name=name, kind=kind, parent_id=head.pk).pk
    return found


def _vendors() -> None:
    for name, kind, phone, scope in (
        ("远望视讯设备有限公司", "oem", "400-000-0631", "摄像机与存储"),
        ("磐石服务器股份有限公司", "oem", "400-000-0632", "服务器与阵列"),
        ("通达宽带", "carrier", "400-000-0633", "光纤租用线路"),
        ("清盾防病毒中心", "antivirus", "400-000-0634", "防病毒与病毒库"),
        ("芯修电子维修部", "hardware_partner", "400-000-0635", "板卡与芯片级维修"),
    ):
        parties.create_vendor(actor=SYSTEM, name=name, kind=kind, phone=phone, scope=scope)


def _contract(row: Mapping[str, Any], units: Mapping[str, int], firm: int) -> Contract:
    today = clock.today("Asia/Shanghai")
    given = row["customer"]
    customer = parties.create_customer(
        actor=SYSTEM, code=given["code"], name=given["name"], short_name=given["short"], level=given["level"]
    )
    version = contracts.store_plan_version(actor=SYSTEM, text=plan_text(row["plan"]))
    contract = contracts.create_contract(
        actor=SYSTEM,
        customer_id=customer.pk,
        code=row["code"],
        name=row["name"],
        starts_on=today + timedelta(days=row["days"][0]),
        ends_on=today + timedelta(days=row["days"][1]),
        plan_version_id=version.pk,
        service_level=row.get("service_level", ""),
        unit_id=units[row["unit"]],
        supervision_firm_id=firm if row.get("supervised") else None,
        desk_phone=row["phone"],
    )
    _duties(contract)
    return contract


def _milestone(plan: str, contract: Contract, name: str, day: date, manager: User) -> None:
    sign_for_milestone(contract, name, manager)
    contracts.reach_milestone(
        actor=SYSTEM,
        contract_id=contract.pk,
        name=name,
        happened_on=day,
        signed_by_provider="魏建国",
        signed_by_customer="分管负责人",
    )


def sign_for_milestone(contract: Contract, name: str, manager: User) -> None:
    """Have the sheets signed without which the contract's gates let nobody record the milestone."""
    book = books.current(contract.pk)
    sheets = {
        sheet: gate.title.zh
        for act in acts_of_milestone(book.plan, name)
        for gate in book.gates.get(act, ())
        if book.applies(gate, {"milestone": name})
        for sheet in _sheets(gate.requires)
    }
    for sheet, title in sheets.items():
        _have_signed(contract, sheet, f"{title}：双方确认无误，签署为据。", manager)


def _sheets(requirement: Any) -> list[str]:
    if isinstance(requirement, Guard):
        return [str(value) for key, value in requirement.args if key == "subject"]
    return [sheet for part in getattr(requirement, "parts", ()) for sheet in _sheets(part)]


def _have_signed(contract: Contract, purpose: str, text: str, manager: User) -> None:
    """The sheet some milestones need: ours signs, the customer's leader by a link on the phone."""
    signoff = signoffs.ask(
        actor=SYSTEM,
        kind="signature",
        purpose=purpose,
        subject=("contract", contract.pk),
        customer_id=contract.customer_id,
        contract_id=contract.pk,
        label=f"{contract.code} {contract.name}",
        scope=text,
        mode="all",
        steps=[Asked(user_id=manager.pk), Asked(capacity="leader")],
    )
    ours, theirs = steps_of(signoff)
    signoffs.give(actor=actor_from(manager), step_id=ours.pk, typed_name=manager.name)
    leader = contacts_for(signoff, theirs)[0]
    _link, token = signoffs.make_link(actor=SYSTEM, step_id=theirs.pk, contact_id=leader.pk)
    signoffs.give_by_link(token=token, typed_name=leader.name)


def _duties(contract: Contract) -> None:
    for activity, ours, theirs, our_role, their_role in (
        ("故障申告与受理", "全天候受理并登记", "说明现象、地点和影响", "agent", "customer.it_contact"),
        (
            "远程与现场处理",
            "按约定时限响应、到场和解决",
            "提供进出许可和配合人员",
            "field_engineer",
            "customer.it_contact",
        ),
        ("解决确认", "说明原因与处理过程", "验证并确认或退回", "agent", "customer.it_contact"),
        ("变更与停机", "提出方案和影响范围", "批准停机时段", "project_manager", "customer.approver"),
        ("服务报告", "按期提交并讲解", "审阅并提出意见", "service_manager", "customer.leader"),
    ):
        contracts.set_responsibility(
            actor=SYSTEM,
            contract_id=contract.pk,
            activity=activity,
            provider_duty=ours,
            customer_duty=theirs,
            provider_role=our_role,
            customer_role=their_role,
        )


# Places


def _site(contract: Contract, name: str, parent: Site | None = None, **more: str) -> Site:
    return parties.create_site(
        actor=SYSTEM,
        customer_id=contract.customer_id,
        name=name,
        parent_id=parent.pk if parent else None,
        **more,
    )


def _take(contract: Contract, places: list[Place]) -> None:
    contracts.set_site_zones(
        actor=SYSTEM,
        contract_id=contract.pk,
        sites=[(place.id, place.mode, place.area) for place in places],
    )


def _office(contract: Contract) -> Grounds:
    """GB: one building with floors and departments."""
    main = _site(contract, "海川市政务大楼", address="海川市人民路1号", city="海川")
    names = texts.world()
    floors = [_site(contract, name, main, city="海川") for name in names["floors"]]
    rooms = [_site(contract, name, main, kind="department", city="海川") for name in names["departments"][:9]]
    places = [Place(site.pk, site.name) for site in (main, *floors, *rooms)]
    _take(contract, places)
    return Grounds(places, [place.id for place in places])


def _data_centre(contract: Contract) -> Grounds:
    """SW: headquarters and a second data centre."""
    places = []
    for name, city, area in (("江北数据大厦", "江北", "urban"), ("云湖灾备中心", "云湖", "outer")):
        site = _site(contract, name, city=city, address=f"{city}科技路88号")
        places.append(Place(site.pk, name, area=area, by="senior"))
    _take(contract, places)
    return Grounds(places, [place.id for place in places])


def _machine_rooms(contract: Contract) -> Grounds:
    """PE: machine rooms and the control room."""
    head = _site(contract, "云岭信息通信大楼", city="云岭", address="云岭市光华大道9号")
    rooms = [
        _site(contract, name, head, city="云岭") for name in ("一号机房", "二号机房", "三号机房", "监控大厅")
    ]
    places = [
        Place(site.pk, site.name, mode="resident" if site.name == "监控大厅" else "call_out")
        for site in (head, *rooms)
    ]
    _take(contract, places)
    return Grounds(places, [place.id for place in places])


def _branches(contract: Contract) -> Grounds:
    """DT: five cities, one with a resident; small branches are served from afar."""
    places, homes = [], []
    for index, (city, engineer) in enumerate(CITIES):
        node = _site(contract, f"{city}分公司" if index else "滨海总部", kind="city", city=city)
        for name in ("总部大厦", "客服中心", "理赔中心") if index == 0 else ("分公司本部", "营业部"):
            site = _site(contract, f"{city}{name}", node, city=city, address=f"{city}市中山路{index + 1}8号")
            mode = (
                "resident" if index == 0 else "remote_only" if name == "营业部" and index > 2 else "call_out"
            )
            places.append(Place(site.pk, site.name, mode=mode, by=engineer))
            homes.append(site.pk)
    _take(contract, places)
    return Grounds(places, homes)


def _crossings(contract: Contract) -> Grounds:
    """FV: 23 crossings in town and 46 along three lines outside."""
    town = _site(contract, "北原市区", kind="city", city="北原")
    places = []
    for number, name in enumerate(texts.world()["crossings"]):
        site = _site(contract, f"{name}道口", town, city="北原", address=f"北原市{name}")
        places.append(Place(site.pk, site.name, by=CROSSING_STAFF[number % 4]))
    for line, county, count in OUTER_LINES:
        region = _site(contract, county, kind="region", city=county)
        for number in range(count):
            metres = 3400 + number * 2650
            name = f"{line}K{metres // 1000}+{metres % 1000:03}道口"
            site = _site(contract, name, region, city=county)
            places.append(Place(site.pk, site.name, area="outer", by=CROSSING_STAFF[number % 4]))
    _take(contract, places)
    return Grounds(places, [town.pk])


def _listed(contract: Contract) -> Grounds:
    """HOSP, CAMPUS, ATM: the places the data file lists, by town or wing, each with its area."""
    row = next(row for row in texts.contracts() if row["code"] == contract.code)
    places = []
    for group in row["places"]:
        parent = (
            _site(contract, group["under"], kind=group.get("kind", ""), city=row["city"])
            if "under" in group
            else None
        )
        for name in group["names"]:
            site = _site(contract, name, parent, city=row["city"], address=f"{row['city']}{name}")
            places.append(Place(site.pk, site.name, area=group.get("area", "urban")))
    _take(contract, places)
    return Grounds(places, [place.id for place in places])


GROUNDS = {"GB": _office, "SW": _data_centre, "PE": _machine_rooms, "DT": _branches, "FV": _crossings}


# People


def _accounts(made: Mapping[str, Contract]) -> dict[str, User]:
    """Accounts with their roles; the password is set once for all, hashing is slow on purpose."""
    users: dict[str, User] = {}
    for number, row in enumerate(texts.people()):
        customer = made[row["customer"]].customer_id if "customer" in row else 0
        users[row["username"]] = create_user(
            actor=SYSTEM,
            username=row["username"],
            name=row["name"],
            customer_id=customer,
            roles=row.get("roles", ()),
            email=f"{row['username']}@demo.example",
            phone=f"1390000{number:04}",
        )
        for code, role in row.get("contracts", {}).items():
            contracts.add_member(
                actor=SYSTEM, contract_id=made[code].pk, user_id=users[row["username"]].pk, role=role
            )
    User.objects.filter(pk__in=[user.pk for user in users.values()]).update(
        password=make_password(texts.PASSWORD)
    )
    return users


def _contacts(
    row: Mapping[str, Any],
    contract: Contract,
    grounds: Grounds,
    users: Mapping[str, User],
    rng: random.Random,
) -> list[Caller]:
    callers = []
    for account in texts.people():
        if account.get("customer") == row["code"] and account.get("capacities"):
            user = users[account["username"]]
            contact = _contact(
                contract, user.name, grounds.homes[0], user.phone, account["capacities"], user_id=user.pk
            )
            callers.append(_caller(contact, user.username))
    taken = {caller.name for caller in callers}
    special = {0: ["leader", "approver"], 1: ["security_officer"], 2: ["server_admin", "data_owner"]}
    if row["code"] == "FV":
        special[3] = ["command_centre"]
    for number in range(row["contacts"]):
        name = texts.person_name(rng)
        while name in taken:
            name = texts.person_name(rng)
        taken.add(name)
        contact = _contact(
            contract,
            name,
            grounds.homes[number % len(grounds.homes)],
            f"138{contract.pk % 100:02}{number:02}{rng.randrange(10000):04}",
            special.get(number, ["end_user"]),
            is_vip=number == 0 or rng.random() < 0.05,
        )
        callers.append(_caller(contact, ""))
    return callers


def _contact(
    contract: Contract,
    name: str,
    site: int,
    phone: str,
    capacities: list[str],
    *,
    user_id: int | None = None,
    is_vip: bool = False,
) -> Contact:
    return parties.create_contact(
        actor=SYSTEM,
        customer_id=contract.customer_id,
        name=name,
        site_id=site,
        user_id=user_id,
        phone=phone,
        capacities=capacities,
        is_vip=is_vip,
    )


def _caller(contact: Contact, user: str) -> Caller:
    return Caller(contact.pk, contact.name, contact.phone, contact.site_id, user, contact.is_vip)


def _scene(
    row: Mapping[str, Any],
    contract: Contract,
    grounds: Grounds,
    callers: list[Caller],
    users: Mapping[str, User],
) -> Scene:
    portal = next(caller.user for caller in callers if caller.user)
    return Scene(
        code=row["code"],
        plan=row["plan"],
        contract_id=contract.pk,
        share=row["share"],
        pace=Pace(row["weekend"], row["night"]),
        places=grounds.places,
        callers=callers,
        portal=portal,
        engineers=[
            account["username"] for account in texts.people() if row["code"] in account.get("contracts", {})
        ],
        names={username: user.name for username, user in users.items()},
    )


def scenes_again() -> dict[str, Scene]:
    """The scenes of a database that was loaded before, read from its tables."""
    users = {user.username: user for user in User.objects.all()}
    usernames = {user.pk: user.username for user in users.values()}
    found = {}
    for row in texts.contracts():
        contract = Contract.objects.filter(code=row["code"]).first()
        if contract is None:  # loaded by a release that had fewer contracts
            continue
        sites = contract.sites.select_related("site").order_by("id")
        places = [
            Place(
                taken.site_id,
                taken.site.name,
                taken.area,
                taken.mode,
                _place_engineer(row["code"], taken.site, index),
            )
            for index, taken in enumerate(sites)
        ]
        contacts = Contact.objects.filter(customer_id=contract.customer_id, is_active=True).order_by("id")
        callers = [_caller(contact, usernames.get(contact.user_id or 0, "")) for contact in contacts]
        found[row["code"]] = _scene(row, contract, Grounds(places, []), callers, users)
    return found


def _place_engineer(code: str, site: Site, index: int) -> str:
    if code == "FV":
        return CROSSING_STAFF[index % 4]
    return dict(CITIES).get(site.city, "") if code == "DT" else ""
