"""Signing in and out: throttling, secrecy, rotation, events."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connections

from shouyue.accounts import rules, services
from shouyue.accounts.models import Session, SignInCount
from shouyue.accounts.tests.factories import PASSWORD, make_user, sign_in
from shouyue.kernel import clock
from shouyue.kernel.actor import SYSTEM
from shouyue.kernel.errors import Invalid, TooMany
from shouyue.kernel.models import Event

pytestmark = pytest.mark.django_db


def attempt(username, password="wrong", address="10.0.0.1"):
    return services.check_sign_in(username=username, password=password, address=address)


def test_sign_in_leads_to_where_one_wanted_to_go(client):
    make_user(username="li.na")
    response = client.post("/sign-in/", {"username": "LI.NA", "password": PASSWORD, "next": "/profile/"})
    assert (response.status_code, response["Location"]) == (302, "/profile/")
    cookie = response.cookies["shouyue_session"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    assert client.get("/profile/").status_code == 200


def test_sign_in_never_leads_to_another_server(client):
    make_user(username="li.na")
    response = client.post(
        "/sign-in/", {"username": "li.na", "password": PASSWORD, "next": "https://evil.example/"}
    )
    assert response["Location"] == "/"


def test_the_session_key_changes_at_sign_in_and_the_old_one_is_worthless(client):
    user = make_user()
    session = client.session
    session["kept"] = 1
    session.save()
    planted = session.session_key
    client.cookies["shouyue_session"] = planted
    sign_in(user, client)
    assert client.cookies["shouyue_session"].value != planted
    assert not Session.objects.filter(pk=planted).exists()


def test_a_session_knows_its_browser(client):
    user = make_user()
    client.post(
        "/sign-in/",
        {"username": user.username, "password": PASSWORD},
        headers={"user-agent": "Mozilla/5.0 (Windows NT 10.0) Chrome/140"},
        REMOTE_ADDR="10.1.2.3",
    )
    session = Session.objects.get(user=user)
    assert (session.address, session.agent[:11]) == ("10.1.2.3", "Mozilla/5.0")


def test_a_wrong_password_and_an_unknown_name_look_the_same(client):
    make_user(username="li.na")
    answers = [
        client.post("/sign-in/", {"username": name, "password": "wrong"}) for name in ("li.na", "nobody")
    ]
    assert [answer.status_code for answer in answers] == [422, 422]
    texts = [str(answer.context["form"].non_field_errors()) for answer in answers]
    assert texts[0] == texts[1] != ""
    assert all(
        text.strip() and "sy-notice" in answer.content.decode()
        for text, answer in zip(texts, answers, strict=True)
    )
    assert not Session.objects.exists()


def test_an_unknown_name_costs_a_hash_too(monkeypatch):
    make_user(username="li.na")
    calls = []
    encode = MD5PasswordHasher.encode
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda *a, **k: calls.append(1) or encode(*a, **k))
    costs = []
    for name in ("li.na", "nobody"):
        calls.clear()
        with pytest.raises(Invalid):
            attempt(name)
        costs.append(len(calls))
    assert costs == [1, 1]


def test_a_deactivated_user_is_refused():
    user = make_user()
    services.deactivate_user(actor=SYSTEM, user_id=user.id)
    with pytest.raises(Invalid):
        attempt(user.username, PASSWORD)


def test_the_sixth_failure_is_throttled_even_with_the_right_password():
    user = make_user()
    for _time in range(rules.FAILURES_PER_USER):
        with pytest.raises(Invalid):
            attempt(user.username)
    with pytest.raises(TooMany):
        attempt(user.username, PASSWORD)
    assert attempt(user.username, PASSWORD, address="10.0.0.2") == user  # elsewhere the owner still gets in
    with clock.at(clock.now() + rules.WINDOW + timedelta(seconds=1)):
        assert attempt(user.username, PASSWORD) == user


def test_success_clears_the_count():
    user = make_user()
    for _time in range(3):
        for _again in range(2):
            with pytest.raises(Invalid):
                attempt(user.username)
        attempt(user.username, PASSWORD)


def test_one_address_is_throttled_over_many_names():
    user = make_user()
    for number in range(rules.FAILURES_PER_ADDRESS):
        with pytest.raises(Invalid):
            attempt(f"guess{number}")
    with pytest.raises(TooMany):
        attempt(user.username, PASSWORD)
    assert attempt(user.username, PASSWORD, address="10.0.0.9") == user


def test_refusals_are_recorded_without_names_or_addresses():
    user = make_user(username="li.na")
    with pytest.raises(Invalid):
        attempt("li.na")
    event = Event.objects.get(verb="user.sign_in_refused")
    assert (event.subject_id, event.facts["reason"]) == (user.id, "credentials")
    assert "10.0.0.1" not in str(event.facts)
    assert "li.na" not in str(list(SignInCount.objects.values()))


@pytest.mark.parametrize("name", ["a\x00b", "名" * 151])
def test_names_that_cannot_exist_are_refused(client, name):
    assert client.post("/sign-in/", {"username": name, "password": "x"}).status_code == 422


def test_sign_out_ends_the_session(client):
    user = make_user()
    sign_in(user, client)
    assert client.post("/sign-out/").status_code == 302
    assert not Session.objects.filter(user=user).exists()
    assert client.get("/profile/")["Location"] == "/sign-in/?next=%2Fprofile%2F"
    verbs = list(Event.objects.filter(subject_id=user.id).order_by("id").values_list("verb", flat=True))
    assert verbs == ["user.created", "user.signed_in", "user.signed_out"]


@pytest.mark.django_db(transaction=True)
def test_refusals_stay_counted_after_the_request(client):
    assert client.post("/sign-in/", {"username": "nobody", "password": "x"}).status_code == 422
    from shouyue.kernel.scope import EVERYTHING, acting_in

    with acting_in(EVERYTHING):
        assert SignInCount.objects.count() == 2
        assert Event.objects.filter(verb="user.sign_in_refused").count() == 1
    connections.close_all()
