"""One call repeated at once, each time on its own connection."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client

from shouyue.accounts.tests.factories import make_user, sign_in
from shouyue.kernel.scope import EVERYTHING, acting_in
from shouyue.parties.models import Customer

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(work, times):
    def run(number):
        try:
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, range(times)))


def test_a_post_repeated_at_once_is_done_once():
    with acting_in(EVERYTHING):
        user = make_user(roles=["hq"])
    cookie = sign_in(user).cookies["shouyue_session"].value

    def post(number):
        browser = Client()
        browser.cookies["shouyue_session"] = cookie
        body = json.dumps({"code": "ONCE", "name": "一次"})
        headers = {"idempotency-key": "same"}
        return browser.post("/api/customers", body, content_type="application/json", headers=headers)

    answers = at_once(post, 4)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotency-Replayed" in answer for answer in answers) == 3
    with acting_in(EVERYTHING):
        assert Customer.objects.filter(code="ONCE").count() == 1
