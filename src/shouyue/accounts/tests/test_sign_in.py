"""Signing in and out."""

import pytest

from shouyue.accounts import services
from shouyue.kernel.actor import SYSTEM

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse 7"


def test_sign_in_and_out(client):
    services.create_user(actor=SYSTEM, username="li.na", name="李娜", password=PASSWORD)
    response = client.post("/sign-in/", {"username": "LI.NA", "password": PASSWORD, "next": "/password/"})
    assert (response.status_code, response["Location"]) == (302, "/password/")
    assert client.get("/password/").status_code == 200
    client.post("/sign-out/")
    assert client.get("/password/").status_code == 302
