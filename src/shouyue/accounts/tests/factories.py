"""Accounts for tests, made through the real services."""

from __future__ import annotations

from itertools import count
from typing import Any

from django.test import Client

from shouyue.accounts import queries, services
from shouyue.accounts.models import User
from shouyue.kernel.actor import SYSTEM, Actor

PASSWORD = "correct horse 7"
_numbers = count(1)


def make_user(**changes: Any) -> User:
    given = {"actor": SYSTEM, "username": f"user{next(_numbers)}", "name": "李娜", "password": PASSWORD}
    return services.create_user(**given | changes)


def actor_for(user: User) -> Actor:
    return queries.actor_of(user.id)


def sign_in(user: User, client: Client | None = None) -> Client:
    """A browser in which the user is signed in, through the real page."""
    browser = client or Client()
    response = browser.post("/sign-in/", {"username": user.username, "password": PASSWORD})
    assert response.status_code == 302, response.status_code
    return browser


def client_of(actor: Actor) -> Client:
    """A browser in which this actor is signed in."""
    user = User.objects.get(pk=actor.user_id)
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    return sign_in(user)
