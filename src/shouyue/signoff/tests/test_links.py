"""Answers by single-use link, without an account."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from shouyue.contracts.tests.factories import make_contract
from shouyue.contracts.tests.people import make_contact, make_engineer
from shouyue.files.tests.factories import upload
from shouyue.kernel import clock
from shouyue.kernel.errors import Conflict, Invalid, NotAllowed
from shouyue.signoff import rules, services
from shouyue.signoff.models import Answer, Link, LinkTry, Signoff

from .factories import drawn, make_asker, make_signoff, step_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_storage")]


@pytest.fixture
def asked():
    contract = make_contract()
    asker = make_asker(contract)
    contact = make_contact(contract, capacities=["server_admin"])
    signoff = make_signoff(contract, actor=asker)
    return contract, asker, contact, signoff


def link_to(asked, **changes):
    _contract, asker, contact, signoff = asked
    return services.make_link(actor=asker, step_id=step_of(signoff).pk, contact_id=contact.pk, **changes)


def url(token):
    return reverse("signoff:answer", args=[token])


def test_a_phone_without_an_account_agrees_once(asked):
    contract, _asker, contact, _signoff = asked
    link, token = link_to(asked)
    assert token not in str(link.__dict__)
    assert len(token) == 43
    phone = Client()
    page = phone.get(url(token))
    text = page.content.decode()
    assert page.status_code == 200
    assert "10.1.2.3" in text
    assert contact.name in text
    assert "no-store" in page["Cache-Control"]
    assert phone.get(url(token)).status_code == 200, "looking does not use it up"
    answer = phone.post(url(token), {"verdict": "given", "typed_name": "赵敏", "words": "同意"})
    assert (answer.status_code, answer.url) == (302, "/answer/done/")
    kept = Answer.objects.get()
    assert (kept.channel, kept.contact_id, kept.typed_name, kept.link_id) == (
        "link",
        contact.pk,
        "赵敏",
        link.pk,
    )
    assert (kept.user_id, kept.customer_id, len(kept.agent_digest)) == (None, contract.customer_id, 0)
    assert Signoff.objects.get().state == "given"
    again = phone.post(url(token), {"verdict": "given", "typed_name": "赵敏"})
    assert again.status_code == 404
    assert Answer.objects.count() == 1


def test_wrong_used_closed_and_expired_look_the_same(asked):
    _contract, asker, _contact, _signoff = asked
    _link, used = link_to(asked, lasts=timedelta(hours=4))
    seen = []

    def page(token):
        response = Client().get(url(token))
        seen.append((response.status_code, response.content.replace(token.encode(), b"")))

    with clock.at(clock.now() + timedelta(hours=5)):
        page(used)
    link, closed = link_to(asked)
    page(used)
    services.revoke_link(actor=asker, link_id=link.pk)
    page(closed)
    _link, used = link_to(asked)
    services.refuse_by_link(token=used, words="不同意")
    page(used)
    page("x" * 43)
    page("y" * 200)
    strip = {(status, _without_secrets(body)) for status, body in seen}
    assert len(strip) == 1
    assert seen[0][0] == 404


def _without_secrets(body):
    import re

    body = re.sub(rb'csrf[a-zA-Z-]*"?[:=]\s*"[A-Za-z0-9]+"', b"", body)
    body = re.sub(rb'name="csrfmiddlewaretoken" value="[^"]+"', b"", body)
    body = re.sub(rb'X-CSRFToken": "[^"]*"', b"", body)
    body = re.sub(rb'name="next" value="[^"]*"', b"", body)
    return re.sub(rb'data-server-now="[^"]+"', b"", body)


def test_wrong_links_are_counted_and_then_refused(asked):
    _link, token = link_to(asked)
    visitor = Client()
    for _n in range(rules.TRIES):
        assert visitor.get(url("z" * 43)).status_code == 404
    assert LinkTry.objects.get().tries == rules.TRIES
    assert visitor.get(url(token)).status_code == 429
    with clock.at(clock.now() + rules.TRIES_WINDOW + timedelta(seconds=1)):
        assert visitor.get(url(token)).status_code == 200


def test_refusing_by_link_needs_a_reason(asked):
    _link, token = link_to(asked)
    phone = Client()
    page = phone.post(url(token), {"verdict": "refused", "words": ""})
    assert page.status_code == 422
    assert Answer.objects.count() == 0
    phone.post(url(token), {"verdict": "refused", "words": "今晚有会议"})
    assert Signoff.objects.get().state == "refused"


def test_a_drawn_signature_with_its_document(asked):
    contract, asker, contact, _signoff = asked
    signoff = make_signoff(
        contract, actor=asker, kind="signature", purpose="visit", upload=upload("form.png")
    )
    _link, token = services.make_link(actor=asker, step_id=step_of(signoff).pk, contact_id=contact.pk)
    phone = Client()
    text = phone.get(url(token)).content.decode()
    assert "signature_pad" in text
    assert "data-signature" in text
    document = phone.get(reverse("signoff:answer_document", args=[token]))
    assert (document.status_code, document["Content-Type"]) == (200, "image/png")
    assert document.getvalue()[:4] == b"\x89PNG"
    assert phone.post(url(token), {"verdict": "given", "typed_name": " "}).status_code == 422
    phone.post(url(token), {"verdict": "given", "typed_name": "赵敏", "drawing": drawn()})
    kept = Answer.objects.get()
    assert kept.image is not None
    assert phone.get(reverse("signoff:answer_document", args=[token])).status_code == 404


def test_a_link_opens_nothing_else(asked):
    contract, asker, contact, signoff = asked
    other = make_signoff(contract, actor=asker, purpose="change")
    _link, token = link_to(asked)
    opened = services.open_link(token)
    assert list(Signoff.objects.visible_to(opened.actor)) == [signoff]
    with pytest.raises(NotAllowed):
        services.give(actor=opened.actor, step_id=step_of(signoff).pk)
    with pytest.raises(Exception):  # noqa: B017, PT011 -- whatever it is, it is refused
        services.cancel(actor=opened.actor, signoff_id=other.pk, words="x")
    contact.is_active = False
    contact.save(update_fields=["is_active"])
    assert Client().get(url(token)).status_code == 404


def test_who_makes_links_for_whom(asked):
    contract, asker, _contact, signoff = asked
    step = step_of(signoff).pk
    user = make_contact(contract, capacities=["end_user"])
    with pytest.raises(Invalid):
        services.make_link(actor=asker, step_id=step, contact_id=user.pk)
    with pytest.raises(NotAllowed):
        services.make_link(actor=make_engineer(contract), step_id=step, contact_id=user.pk)
    with pytest.raises(Invalid):
        link_to(asked, lasts=timedelta(days=40))
    services.cancel(actor=asker, signoff_id=signoff.pk, words="不需要")
    with pytest.raises(Conflict):
        link_to(asked)
    assert Link.objects.count() == 0


def test_answer_page_query_budget(asked):
    _link, token = link_to(asked)
    phone = Client()
    phone.get(url(token))
    with CaptureQueriesContext(connection) as queries:
        phone.get(url(token))
    assert len(queries) <= 14, [q["sql"][:120] for q in queries]
