"""Pages of accounts: who may open them, what they show, how many queries they cost."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shouyue.accounts.models import ApiToken, Session, User
from shouyue.accounts.tests.factories import PASSWORD, make_user, sign_in
from shouyue.kernel.models import Event

pytestmark = pytest.mark.django_db

NEW = {"username": "new", "name": "新", "language": "zh-hans", "time_zone": "Asia/Shanghai"}


def acts_on(target):
    return [
        ("get", "/users/", {}),
        ("get", "/users/export.csv", {}),
        ("get", "/users/create/", {}),
        ("post", "/users/create/", {**NEW, "password": "another phrase 9"}),
        ("get", f"/users/{target.id}/", {}),
        ("post", f"/users/{target.id}/", {"version": 1, "name": "改", "language": "en", "time_zone": "UTC"}),
        ("post", f"/users/{target.id}/roles/", {"roles": ["hq"]}),
        ("post", f"/users/{target.id}/deactivate/", {}),
        ("post", f"/users/{target.id}/set-password/", {"password": "another phrase 9"}),
        ("get", "/api/users", {}),
        ("get", f"/api/users/{target.id}", {}),
    ]


def statuses(browser, target):
    return [getattr(browser, method)(url, data).status_code for method, url, data in acts_on(target)]


def snapshot():
    return list(User.objects.order_by("id").values()), Event.objects.count(), Session.objects.count()


def test_a_visitor_is_asked_to_sign_in():
    target = make_user()
    before = snapshot()
    assert statuses(Client(), target) == [302] * 9 + [401] * 2
    assert snapshot() == before


@pytest.mark.parametrize("person", ["stranger", "worker"])
def test_others_are_refused_and_nothing_changes(person):
    target = make_user()
    browser = sign_in(make_user(customer_id=5) if person == "stranger" else make_user(roles=["desk_admin"]))
    before = snapshot()
    assert statuses(browser, target) == [403] * 11
    assert snapshot() == before


def test_the_audit_administrator_reads_and_changes_nothing():
    target = make_user()
    browser = sign_in(make_user(roles=["audit_admin"]))
    before = snapshot()
    assert statuses(browser, target) == [200, 200, 403, 403, 200, 403, 403, 403, 403, 200, 200]
    assert snapshot() == before


def test_the_security_administrator_does_it_all():
    target = make_user()
    browser = sign_in(make_user(roles=["security_admin"]))
    assert statuses(browser, target) == [200, 200, 200, 303, 200, 303, 303, 303, 303, 200, 200]
    target.refresh_from_db()
    assert (target.name, target.roles, target.is_active) == ("改", ["hq"], False)
    assert User.objects.get(username="new").must_change_password


def cost(browser, url):
    browser.get(url)
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(url).status_code == 200
    return len(captured)


def test_the_list_costs_the_same_for_many():
    browser = sign_in(make_user(roles=["security_admin"]))
    few = cost(browser, "/users/")
    for _number in range(60):
        make_user(password=None)
    assert cost(browser, "/users/") == few <= 14
    page = browser.get("/users/", headers={"HX-Request": "true"}).content.decode()
    assert (page.count('id="user-'), "<html" in page) == (50, False)
    found = browser.get("/users/", {"role": "security_admin", "q": "ln"}).content.decode()
    assert found.count('id="user-') == 1


def test_the_export_is_harmless_to_spreadsheets():
    make_user(name='=HYPERLINK("x")', username="evil", phone="+86 1")
    browser = sign_in(make_user(roles=["audit_admin"]))
    lines = browser.get("/users/export.csv", {"q": "evil"}).content.decode("utf-8-sig").splitlines()
    assert lines[1].startswith('"\'=HYPERLINK(""x"")",evil,,\'+86 1,')


def test_the_profile_changes_language_at_once():
    user = make_user()
    browser = sign_in(user)
    assert 'lang="zh-Hans"' in browser.get("/profile/").content.decode()
    values = {"version": 1, "name": "Li Na", "email": "", "phone": "", "language": "en", "time_zone": "UTC"}
    assert browser.post("/profile/", values).status_code == 303
    assert 'lang="en"' in browser.get("/profile/").content.decode()
    assert browser.post("/profile/", values).status_code == 422  # the version has moved on


def test_the_language_switch_is_kept_in_the_profile():
    user = make_user()
    sign_in(user).post("/preferences/language/", {"language": "en", "next": "/profile/"})
    user.refresh_from_db()
    assert user.language == "en"


def test_sessions_are_listed_and_ended():
    user = make_user()
    here, there = sign_in(user), sign_in(user)
    other = sign_in(make_user())
    page = here.get("/profile/sessions/").content.decode()
    assert (page.count("/revoke/"), page.count("<tr>")) == (1, 3)
    handle = Session.objects.get(pk=there.cookies["shouyue_session"].value).handle
    foreign = Session.objects.get(pk=other.cookies["shouyue_session"].value).handle
    assert here.post(f"/profile/sessions/{foreign}/revoke/").status_code == 404
    assert here.post(f"/profile/sessions/{handle}/revoke/").status_code == 303
    assert there.get("/profile/").status_code == 302
    sign_in(user, there)
    assert here.post("/profile/sessions/revoke-others/").status_code == 303
    assert [browser.get("/profile/").status_code for browser in (here, there, other)] == [200, 302, 200]


def test_a_token_is_shown_once():
    browser = sign_in(make_user())
    page = browser.post("/profile/tokens/", {"name": "脚本", "scopes": ["parties:read"], "days": 30})
    secret = page.context["made"].secret
    assert secret in page.content.decode()
    assert secret not in browser.get("/profile/tokens/").content.decode()
    token = ApiToken.objects.get()
    assert browser.post(f"/profile/tokens/{token.id}/revoke/").status_code == 303
    assert sign_in(make_user()).post(f"/profile/tokens/{token.id}/revoke/").status_code == 404


def test_changes_need_the_csrf_token():
    user = make_user()
    browser = Client(enforce_csrf_checks=True)
    assert browser.post("/sign-in/", {"username": user.username, "password": PASSWORD}).status_code == 403


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_part_of_a_page_tells_that_the_session_has_ended(client, method):
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/users/7/?tab=roles"}
    answer = getattr(client, method)("/users/", headers=headers)
    assert answer.status_code == 401
    assert "HX-Redirect" not in answer
    assert "/sign-in/?next=%2Fusers%2F7%2F%3Ftab%3Droles" in answer.content.decode()
    assert getattr(client, method)("/users/").status_code == 302
