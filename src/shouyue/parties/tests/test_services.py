"""Entering and changing parties."""

from __future__ import annotations

import pytest

from shouyue.kernel.actor import SYSTEM, Actor
from shouyue.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from shouyue.kernel.models import Event
from shouyue.kernel.scope import EVERYTHING, Scope
from shouyue.parties import queries, services
from shouyue.parties.models import Contact, Customer, Site
from shouyue.parties.tests.factories import make_contact, make_customer, make_site

pytestmark = pytest.mark.django_db


def staff(*roles: str, scope: Scope = EVERYTHING) -> Actor:
    return Actor(kind="user", id=7, name="", scope=scope, user_id=7, roles=frozenset(roles))


def test_the_provider_is_customer_0():
    assert Customer.objects.get(pk=0).code == "PROVIDER"


def test_create_customer_derives_its_key_and_records_an_event():
    customer = services.create_customer(actor=staff("hq"), code="gb-1", name=" 市政府大楼 ")
    assert (customer.code, customer.name, customer.name_key) == (
        "GB-1",
        "市政府大楼",
        "shizhengfudalou szfdl",
    )
    event = Event.objects.get(verb="customer.created")
    assert (event.customer_id, event.subject_id, event.facts) == (
        customer.id,
        customer.id,
        {"level": "normal"},
    )


@pytest.mark.parametrize("code", ["", "a b", "政", "X" * 21])
def test_create_customer_refuses_a_bad_code(code):
    with pytest.raises(Invalid) as refused:
        services.create_customer(actor=staff("hq"), code=code, name="甲")
    assert list(refused.value.fields) == ["code"]


def test_a_code_is_unique_whatever_its_case():
    make_customer(code="GB")
    with pytest.raises(Invalid):
        services.create_customer(actor=SYSTEM, code="gb", name="乙")


def test_change_customer_needs_the_version_it_started_from():
    customer = make_customer()
    values = {"code": customer.code, "name": "新名", "short_name": customer.short_name}
    changed = services.change_customer(actor=staff("hq"), customer_id=customer.id, version=1, **values)
    assert (changed.version, changed.name_key) == (2, "xinming xm")
    with pytest.raises(Conflict):
        services.change_customer(actor=staff("hq"), customer_id=customer.id, version=1, **values)
    assert [event.facts["fields"] for event in Event.objects.filter(verb="customer.changed")] == ["name"]


def test_a_change_of_nothing_leaves_no_trace():
    customer = make_customer()
    services.change_customer(
        actor=staff("hq"),
        customer_id=customer.id,
        version=1,
        code=customer.code,
        name=customer.name,
        short_name=customer.short_name,
    )
    assert not Event.objects.filter(verb="customer.changed").exists()


def test_the_provider_itself_is_not_changed_as_a_customer():
    with pytest.raises(NotFound):
        services.change_customer(actor=staff("hq"), customer_id=0, version=1, code="X", name="X")


@pytest.mark.parametrize("roles", [(), ("system_admin",), ("audit_admin",), ("desk_agent",)])
def test_create_customer_denied_changes_nothing(roles):
    with pytest.raises(NotAllowed):
        services.create_customer(actor=staff(*roles), code="X", name="X")
    assert (Customer.objects.count(), Event.objects.count()) == (1, 0)


def test_sites_make_a_tree_without_rings():
    customer = make_customer()
    city = make_site(customer, kind="city", name="苏州")
    floor = make_site(customer, name="三楼", parent_id=city.id)
    rows = queries.site_tree(queries.sites_of(SYSTEM, customer.id))
    assert [(row.site.name, row.depth) for row in rows] == [("苏州", 0), ("三楼", 1)]
    with pytest.raises(Invalid) as refused:
        services.change_site(
            actor=staff("hq"), site_id=city.id, version=1, name="苏州", kind="city", parent_id=floor.id
        )
    assert list(refused.value.fields) == ["parent"]
    assert Site.objects.get(pk=city.id).parent_id is None


def test_a_site_cannot_lie_within_another_customers():
    foreign = make_site(make_customer(code="B"))
    with pytest.raises(Invalid) as refused:
        make_site(make_customer(code="A"), name="楼", parent_id=foreign.id)
    assert list(refused.value.fields) == ["parent"]


def test_contacts_are_found_by_number_name_pinyin_and_initials():
    customer = make_customer()
    contact = make_contact(customer, name="张伟", phone="+86 138-0013-8000")
    make_contact(customer, name="李娜", phone="010-6234 5678")
    for digits in ("13800138000", "013800138000", "86 13800138000"):
        assert list(queries.contacts_by_phone(SYSTEM, digits)) == [contact]
    for text in ("张", "zhangwei", "zw", "ZhangW", "8001380"):
        assert list(queries.search_contacts(SYSTEM, text)) == [contact]
    assert not queries.contacts_by_phone(SYSTEM, "").exists()


def test_events_of_contacts_hold_no_personal_data():
    contact = make_contact(make_customer(), name="张伟", phone="13800138000", is_vip=True)
    services.change_contact(
        actor=SYSTEM, contact_id=contact.id, version=1, name="张伟", phone="13900139000", is_vip=True
    )
    facts = Event.objects.get(verb="contact.changed").facts
    assert facts == {"fields": "phone", "vip": True, "active": True}


def test_a_contact_takes_no_site_or_account_of_another_customer():
    foreign = make_site(make_customer(code="B"))
    with pytest.raises(Invalid) as refused:
        make_contact(make_customer(code="A"), site_id=foreign.id, user_id=99999)
    assert set(refused.value.fields) == {"site", "user"}
    assert not Contact.objects.exists()


@pytest.mark.parametrize("text", ["名" * 101, "a\x00b", " "])
def test_names_that_cannot_be_kept_are_refused(text):
    with pytest.raises(Invalid) as refused:
        make_contact(make_customer(), name=text)
    assert list(refused.value.fields) == ["name"]


def test_units_and_vendors():
    head = services.create_unit(actor=staff("hq"), name="总部", kind="hq")
    team = services.create_unit(actor=staff("hq"), name="桌面组", parent_id=head.id)
    with pytest.raises(Invalid):
        services.change_unit(
            actor=staff("hq"), unit_id=head.id, version=1, name="总部", kind="hq", parent_id=team.id
        )
    vendor = services.create_vendor(actor=staff("service_manager"), name="监理公司", kind="supervision_firm")
    renamed = services.change_vendor(
        actor=staff("hq"), vendor_id=vendor.id, version=1, name="第一监理", kind="supervision_firm"
    )
    assert renamed.name_key == "diyijianli dyjl"
    assert [event.verb for event in Event.objects.order_by("id")] == [
        *("unit.created", "unit.created", "vendor.created", "vendor.changed")
    ]
