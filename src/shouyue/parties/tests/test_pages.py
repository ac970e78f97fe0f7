"""Pages and API of parties: access per route, conflicts, fragments, cost."""

from __future__ import annotations

import json

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shouyue.accounts.tests.factories import make_user, sign_in
from shouyue.kernel.actor import SYSTEM
from shouyue.kernel.models import Event
from shouyue.parties.models import Contact, Customer, ProviderUnit, Site, Vendor
from shouyue.parties.services import create_unit, create_vendor
from shouyue.parties.tests.factories import make_contact, make_customer, make_site

pytestmark = pytest.mark.django_db

CUSTOMER = {"code": "NEW", "name": "新客户", "level": "key", "time_zone": "Asia/Shanghai"}


@pytest.fixture
def world():
    customer = make_customer()
    return {
        "customer": customer.id,
        "site": make_site(customer).id,
        "contact": make_contact(customer).id,
        "unit": create_unit(actor=SYSTEM, name="总部", kind="hq").id,
        "vendor": create_vendor(actor=SYSTEM, name="厂商").id,
    }


READS = (
    "/customers/",
    "/customers/{customer}/",
    "/customers/{customer}/contacts/",
    "/units/",
    "/vendors/",
)
CONTACT_CHANGES = (
    ("/customers/{customer}/sites/create/", {"name": "新站点", "kind": "site"}),
    ("/sites/{site}/change/", {"version": 1, "name": "改", "kind": "city", "is_active": "on"}),
    ("/customers/{customer}/contacts/create/", {"name": "赵敏", "capacities": ["approver"]}),
    ("/contacts/{contact}/change/", {"version": 1, "name": "改", "is_active": "on"}),
)
CUSTOMER_CHANGES = (
    ("/customers/create/", CUSTOMER),
    ("/customers/{customer}/change/", {**CUSTOMER, "code": "C2", "version": 1, "is_active": "on"}),
    ("/units/create/", {"name": "桌面组", "kind": "team"}),
    ("/units/{unit}/change/", {"version": 1, "name": "改", "kind": "hq", "is_active": "on"}),
    ("/vendors/create/", {"name": "监理", "kind": "supervision_firm"}),
    ("/vendors/{vendor}/change/", {"version": 1, "name": "改", "kind": "oem", "is_active": "on"}),
)


def snapshot():
    models = (Customer, Site, Contact, ProviderUnit, Vendor)
    return [list(model.objects.order_by("id").values()) for model in models], Event.objects.count()


def read_all(browser, world):
    return [browser.get(url.format(**world)).status_code for url in READS]


def change_all(browser, world, changes):
    return [browser.post(url.format(**world), data).status_code for url, data in changes]


def test_a_visitor_is_asked_to_sign_in(world):
    before = snapshot()
    assert read_all(Client(), world) == [302] * 5
    assert change_all(Client(), world, CONTACT_CHANGES + CUSTOMER_CHANGES) == [302] * 10
    assert snapshot() == before


def test_a_customers_people_find_nothing_here(world):
    browser = sign_in(make_user(customer_id=world["customer"]))
    before = snapshot()
    assert read_all(browser, world) == [404] * 5
    assert change_all(browser, world, CONTACT_CHANGES + CUSTOMER_CHANGES) == [404] * 10
    assert snapshot()[0] == before[0]


def test_staff_without_a_contract_are_refused(world):
    browser = sign_in(make_user())
    before = snapshot()
    assert read_all(browser, world) == [403] * 5
    statuses = change_all(browser, world, CONTACT_CHANGES + CUSTOMER_CHANGES)
    assert set(statuses) <= {403, 404}
    assert snapshot() == before


def test_the_auditor_reads(world):
    browser = sign_in(make_user(roles=["audit_admin"]))
    before = snapshot()
    assert read_all(browser, world) == [200] * 5
    assert change_all(browser, world, CONTACT_CHANGES + CUSTOMER_CHANGES) == [403] * 10
    assert snapshot() == before


def test_an_agent_keeps_sites_and_contacts_but_not_customers(world):
    browser = sign_in(make_user(roles=["desk_agent"]))
    assert read_all(browser, world) == [200] * 5
    assert change_all(browser, world, CONTACT_CHANGES) == [303] * 4
    before = snapshot()
    assert change_all(browser, world, CUSTOMER_CHANGES) == [403] * 6
    assert snapshot() == before


def test_headquarters_keep_everything(world):
    browser = sign_in(make_user(roles=["hq"]))
    assert change_all(browser, world, CONTACT_CHANGES + CUSTOMER_CHANGES) == [303] * 10
    assert Contact.objects.get(name="赵敏").capacities == ["approver"]
    for url, _data in CONTACT_CHANGES + CUSTOMER_CHANGES:
        assert browser.get(url.format(**world)).status_code == 200


def test_a_stale_form_is_refused_and_keeps_the_text(world):
    browser = sign_in(make_user(roles=["hq"]))
    url = f"/contacts/{world['contact']}/change/"
    assert browser.post(url, {"version": 1, "name": "甲", "is_active": "on"}).status_code == 303
    stale = browser.post(url, {"version": 1, "name": "乙", "is_active": "on"})
    assert (stale.status_code, "乙" in stale.content.decode()) == (422, True)
    assert Contact.objects.get(pk=world["contact"]).name == "甲"


def cost(browser, url):
    browser.get(url)
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(url).status_code == 200
    return len(captured)


def test_lists_cost_the_same_for_many(world):
    browser = sign_in(make_user(roles=["hq"]))
    urls = [url.format(**world) for url in READS]
    few = [cost(browser, url) for url in urls]
    owner = Customer.objects.get(pk=world["customer"])
    for number in range(60):
        make_contact(make_customer())
        make_contact(owner, site_id=make_site(owner).id)
        create_unit(actor=SYSTEM, name=f"组 {number}", parent_id=world["unit"])
    assert [cost(browser, url) for url in urls] == few
    assert max(few) <= 11
    part = browser.get("/customers/", headers={"HX-Request": "true"}).content.decode()
    assert (part.count('<tr id="customer-'), "<html" in part) == (50, False)


def test_search_in_lists(world):
    make_customer(name="苏州轨道交通")
    browser = sign_in(make_user(roles=["hq"]))
    for text in ("轨道", "szgd", "suzhou"):
        assert browser.get("/customers/", {"q": text}).content.decode().count('<tr id="customer-') == 1
    assert browser.get("/customers/", {"q": "x\x00y"}).status_code == 200


# --- the API ---------------------------------------------------------------------------------------------------


def send(browser, method, url, data, **headers):
    return getattr(browser, method)(url, json.dumps(data), content_type="application/json", headers=headers)


@pytest.mark.parametrize(
    ("make", "one", "data"),
    [
        ("/api/customers", "/api/customers/{id}", {"code": "API", "name": "甲"}),
        ("/api/customers/{customer}/sites", "/api/sites/{id}", {"name": "甲"}),
        ("/api/customers/{customer}/contacts", "/api/contacts/{id}", {"name": "甲", "phone": "139"}),
        ("/api/units", "/api/units/{id}", {"name": "甲"}),
        ("/api/vendors", "/api/vendors/{id}", {"name": "甲", "kind": "carrier"}),
    ],
)
def test_make_read_change(world, make, one, data):
    browser = sign_in(make_user(roles=["hq"]))
    made = send(browser, "post", make.format(**world), data, **{"idempotency-key": "k"})
    again = send(browser, "post", make.format(**world), data, **{"idempotency-key": "k"})
    assert (made.status_code, made["ETag"], again.json()["id"]) == (201, '"1"', made.json()["id"])
    url = one.format(id=made.json()["id"])
    assert browser.get(url).json() == made.json()
    assert send(browser, "put", url, {**data, "name": "乙"}).status_code == 428
    changed = send(browser, "put", url, {**data, "name": "乙"}, **{"if-match": '"1"'})
    assert (changed.status_code, changed["ETag"], changed.json()["name"]) == (200, '"2"', "乙")
    assert send(browser, "put", url, {**data, "name": "丙"}, **{"if-match": '"1"'}).status_code == 412
    wrong = send(browser, "put", url, {**data, "name": ""}, **{"if-match": '"2"'})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "name")


def test_the_api_refuses_as_the_pages_do(world):
    before = snapshot()
    urls = (
        "customers",
        "contacts",
        "units",
        "vendors",
        "customers/{customer}",
        "sites/{site}",
        "contacts/{contact}",
    )
    paths = [f"/api/{url}".format(**world) for url in urls]
    assert [Client().get(path).status_code for path in paths] == [401] * 7
    stranger = sign_in(make_user(customer_id=make_customer().id))
    mine = stranger.get("/api/customers").json()["items"]
    assert [stranger.get(path).status_code for path in paths[2:]] == [404] * 5
    assert [row["id"] for row in mine] != [world["customer"]]
    assert stranger.get("/api/contacts").json()["items"] == []
    auditor = sign_in(make_user(roles=["audit_admin"]))
    assert send(auditor, "post", "/api/customers", {"code": "X", "name": "X"}).status_code == 403
    assert Customer.objects.count() == len(before[0][0]) + 1


def test_paging_reaches_every_row_once(world):
    for _number in range(5):
        make_customer()
    browser = sign_in(make_user(roles=["hq"]))
    seen, cursor = [], ""
    while True:
        page = browser.get("/api/customers", {"limit": 2, "cursor": cursor}).json()
        seen += [row["id"] for row in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert sorted(seen) == sorted(Customer.objects.exclude(pk=0).values_list("id", flat=True))
    assert browser.get("/api/customers", {"cursor": "broken"}).status_code == 422


def test_a_caller_is_found_by_number(world):
    contact = make_contact(Customer.objects.get(pk=world["customer"]), name="张伟", phone="0512-6234 5678")
    browser = sign_in(make_user(roles=["desk_agent"]))
    found = browser.get("/api/contacts", {"phone": "051262345678"}).json()["items"]
    assert [row["id"] for row in found] == [contact.id]
