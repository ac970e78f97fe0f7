"""What surrounds requests: browsers pass session, CSRF and messages, programs with a token do not."""

from __future__ import annotations

import pytest
from django.test import Client

from shouyue.accounts.tests.factories import make_user, sign_in
from shouyue.accounts.tests.test_tokens import bearer, make_token

pytestmark = pytest.mark.django_db

BODY = {"code": "X", "name": "X"}


@pytest.fixture
def browser() -> Client:
    """A browser of somebody signed in, with CSRF enforced as on a real server."""
    client = sign_in(make_user(roles=["hq"]))
    client.handler.enforce_csrf_checks = True
    return client


def post(client, **headers):
    return client.post("/api/customers", BODY, content_type="application/json", headers=headers)


def test_a_program_needs_no_csrf_token_and_gets_no_cookie():
    client = Client(enforce_csrf_checks=True)
    response = post(client, **bearer(make_token(make_user(roles=["hq"]), "parties:write")))
    assert (response.status_code, dict(response.cookies)) == (201, {})
    assert not hasattr(response.wsgi_request, "session")


def test_a_session_changes_things_with_the_csrf_token_only(browser):
    refused = post(browser)
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf")
    browser.get("/profile/")
    assert post(browser, x_csrftoken=browser.cookies["csrftoken"].value).status_code == 201


@pytest.mark.parametrize("header", ["Bearer sy_wrong", "Basic eDp5", "", " "])
def test_no_header_lets_a_session_in_past_csrf(browser, header):
    assert post(browser, authorization=header).status_code == 401
    assert "X" not in {row["code"] for row in browser.get("/api/customers").json()["items"]}


def test_outside_the_api_a_token_is_no_way_round_csrf(browser):
    made = make_token(make_user(username="other", roles=["hq"]), "admin")
    response = browser.post("/sign-out/", headers=bearer(made))
    assert response.status_code == 403
    assert browser.get("/api/me").status_code == 200


def test_a_message_is_shown_on_the_next_page_once(browser):
    browser.get("/profile/")
    saved = browser.post(
        "/profile/sessions/revoke-others/", headers={"x-csrftoken": browser.cookies["csrftoken"].value}
    )
    assert saved.status_code == 303
    shown, again = (browser.get("/profile/sessions/").content.decode() for _ in range(2))
    assert ("已终止 0 个会话" in shown, "已终止 0 个会话" in again) == (True, False)
