"""One call repeated at once, each time on its own connection."""

from __future__ import annotations

import pytest
from django.test import Client

from shouyue.accounts.tests.factories import make_user, sign_in
from shouyue.kernel.scope import EVERYTHING, acting_in
from shouyue.kernel.tests.threads import at_once
from shouyue.parties.models import Customer
from shouyue.web.tests.posting import post_json

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_post_repeated_at_once_is_done_once():
    with acting_in(EVERYTHING):
        user = make_user(roles=["hq"])
    cookie = sign_in(user).cookies["shouyue_session"].value

    def post():
        browser = Client()
        browser.cookies["shouyue_session"] = cookie
        body = {"code": "ONCE", "name": "一次"}
        return post_json(browser, "/api/customers", body, **{"idempotency-key": "same"})

    answers = at_once(post, post, post, post)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotency-Replayed" in answer for answer in answers) == 3
    with acting_in(EVERYTHING):
        assert Customer.objects.filter(code="ONCE").count() == 1
