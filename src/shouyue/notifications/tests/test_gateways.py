"""Setting up gateways: what is checked, what is kept, who may."""

from __future__ import annotations

import json

import pytest
from django.urls import reverse

from shouyue.accounts.queries import actor_from
from shouyue.accounts.tests.factories import make_user, sign_in
from shouyue.kernel import clock, sealing
from shouyue.kernel.errors import Conflict, Invalid, NotAllowed
from shouyue.kernel.models import Event
from shouyue.notifications import queries, secrets_of, services
from shouyue.notifications.carriers import http
from shouyue.notifications.checks import check_channels
from shouyue.notifications.models import Gateway, Notice
from shouyue.notifications.rules.setup import is_safe_address

from .factories import admin, draft, make_gateway
from .providers import Provider

pytestmark = pytest.mark.django_db
HIDDEN = "hidden-key"
URL = f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={HIDDEN}"
PAGES = ["channels", "channel", "create_channel"]


def path_of(page, gateway):
    if page == "create_channel":
        return reverse("notifications:create_channel") + "?kind=wecom"
    return reverse(f"notifications:{page}", args=[gateway.pk] if page == "channel" else [])


def test_secrets_are_sealed_in_the_row():
    gateway = make_gateway(url=URL)
    assert HIDDEN not in gateway.sealed + json.dumps(gateway.settings)
    assert secrets_of.opened(Gateway.objects.get()) == {"url": URL}


def test_a_changed_key_says_so_and_an_earlier_one_still_opens(settings):
    gateway = make_gateway(url=URL)
    before, settings.SECRET_KEY = settings.SECRET_KEY, "another"
    with pytest.raises(sealing.Unreadable):
        secrets_of.opened(gateway)
    settings.SECRET_KEY_FALLBACKS = [before]
    assert secrets_of.opened(gateway) == {"url": URL}


def test_secrets_may_live_in_the_environment(monkeypatch):
    gateway = make_gateway(url="env:SHOUYUE_WECOM_URL")
    with pytest.raises(Conflict):
        secrets_of.opened(gateway)
    monkeypatch.setenv("SHOUYUE_WECOM_URL", URL)
    assert secrets_of.opened(gateway) == {"url": URL}
    with pytest.raises(Invalid):
        make_gateway(url="env:DATABASE_ADMIN_URL")  # not every variable is a gateway's


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://oapi.dingtalk.com/robot/send?access_token=1", True),
        ("http://10.0.0.8:8080/sms", True),
        ("http://127.0.0.1/", True),
        ("http://sms.example/", False),
        ("http://169.254.169.254/latest/meta-data", False),
        ("https://169.254.169.254/", False),
        ("http://0.0.0.0/", False),
        ("https://user:pass@sms.example/", False),
        ("https://sms.example:99999/", False),
        ("file:///etc/passwd", False),
        ("", False),
    ],
)
def test_addresses(url, safe):
    assert is_safe_address(url) is safe


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "pigeon"},
        {"name": "  "},
        {"per_minute": 0},
        {"secrets": {}},
        {"secrets": {"url": "http://robot.example/"}},
        {"secrets": {"url": "https://r.example/" + "x" * 3000}},
        {"kind": "sms_aliyun", "secrets": {"secret": "s"}, "settings": {"endpoint": "https://a.example"}},
    ],
)
def test_what_is_wrong_is_refused(wrong):
    given = {"kind": "wecom", "name": "群", "per_minute": 20, "settings": {}, "secrets": {"url": URL}}
    with pytest.raises(Invalid):
        services.create_gateway(actor=admin(), **given | wrong)
    assert not Gateway.objects.exists()
    assert not Event.objects.filter(verb="gateway.created").exists()


def test_a_name_is_given_once():
    actor = admin()
    make_gateway(actor=actor, name="值班群")
    with pytest.raises(Invalid):
        make_gateway(actor=actor, name="值班群")


def test_changing_keeps_what_is_left_empty_and_refuses_a_stale_form():
    actor = admin()
    gateway = make_gateway("dingtalk", actor=actor, secrets={"url": URL, "secret": "SEC-one"})
    given = {"actor": actor, "gateway_id": gateway.pk, "name": "群二", "per_minute": 10, "settings": {}}
    changed = services.change_gateway(version=1, secrets={}, **given)
    assert secrets_of.opened(changed) == {"url": URL, "secret": "SEC-one"}
    changed = services.change_gateway(version=2, secrets={"secret": "-"}, **given)
    assert secrets_of.opened(changed) == {"url": URL}
    with pytest.raises(Conflict):
        services.change_gateway(version=2, secrets={}, **given)


@pytest.mark.parametrize(
    ("roles", "status", "make"),
    [
        ([], 403, 403),
        (["desk_admin"], 403, 403),
        (["security_admin"], 403, 403),
        (["audit_admin"], 200, 403),
        (["system_admin"], 200, 200),
    ],
)
def test_who_sees_and_who_sets_up(roles, status, make):
    gateway = make_gateway(url=URL)
    browser = sign_in(make_user(roles=roles))
    for page, wanted in zip(PAGES, (status, status, make), strict=True):
        response = browser.get(path_of(page, gateway))
        assert response.status_code == wanted, page
        assert HIDDEN not in response.content.decode()
    before = list(Gateway.objects.values_list())
    if make == 403:
        for name in ("switch_channel", "test_channel", "resume_channel", "channel"):
            response = browser.post(
                reverse(f"notifications:{name}", args=[gateway.pk]), {"on": "0", "name": "x"}
            )
            assert response.status_code == 403, name
        assert browser.post(reverse("notifications:test_mail")).status_code == 403
        assert (list(Gateway.objects.values_list()), Notice.objects.count()) == (before, 0)


def test_nobody_signed_in_is_sent_to_the_door(client):
    gateway = make_gateway(url=URL)
    for page in PAGES:
        assert client.get(path_of(page, gateway)).status_code == 302


def test_the_page_sets_up_tries_and_shows_the_answer():
    server = Provider(lambda _request: (200, {"errcode": 93000, "errmsg": f"invalid {HIDDEN}"}, {}))
    try:
        user = make_user(roles=["system_admin"], phone="13800001111")
        browser = sign_in(user)
        made = browser.post(
            reverse("notifications:create_channel") + "?kind=wecom",
            {"name": "值班群", "per_minute": "20", "url": f"{server.url}/?key={HIDDEN}"},
        )
        gateway = Gateway.objects.get()
        page = reverse("notifications:channel", args=[gateway.pk])
        assert (made.status_code, made["Location"]) == (303, page)
        browser.post(reverse("notifications:test_channel", args=[gateway.pk]))
        services.deliver_batch()
        text = browser.get(page).content.decode()
    finally:
        http.close()
        server.stop()
    assert "93000" in text
    assert HIDDEN not in text
    assert len(server.got) == 1


def test_a_test_goes_through_the_chosen_gateway_even_out_of_use():
    server = Provider(lambda _request: (200, {"errcode": 0}, {}))
    try:
        actor = admin()
        make_gateway(actor=actor)
        chosen = make_gateway(actor=actor, url=f"{server.url}/?key=1")
        services.switch_gateway(actor=actor, gateway_id=chosen.pk, on=False)
        services.test_gateway(actor=actor, gateway_id=chosen.pk)
        services.deliver_batch()
    finally:
        http.close()
        server.stop()
    assert (len(server.got), Notice.objects.get().gateway_id) == (1, chosen.pk)


def test_a_page_costs_the_same_with_many_gateways(django_assert_max_num_queries):
    actor = admin()
    for _ in range(12):
        make_gateway(actor=actor)
    browser = sign_in(make_user(roles=["system_admin"]))
    with django_assert_max_num_queries(12):
        assert browser.get(reverse("notifications:channels")).status_code == 200


def test_lists_cost_the_same_with_many_notices(django_assert_max_num_queries):
    user = make_user(roles=["desk_agent"])
    about = {"about": ("obligation", 7), "level": "warning"}
    for number in range(40):
        services.post(
            [draft(user, key=f"k{number}", **about), draft(user, "phone", key=f"p{number}", **about)]
        )
    browser = sign_in(user)
    for name in ("notices", "calls"):
        with django_assert_max_num_queries(12):
            assert browser.get(reverse(f"notifications:{name}")).status_code == 200


def test_only_officers_ask_for_gateways():
    with pytest.raises(NotAllowed):
        queries.gateways(actor_from(make_user(roles=["hq"])))


def test_the_self_check_names_channels_that_fail():
    works, never, rests = make_gateway(), make_gateway(), make_gateway()
    assert check_channels().level == "ok"
    Gateway.objects.filter(pk=works.pk).update(last_sent_at=clock.now(), last_failed_at=clock.now())
    Gateway.objects.filter(pk=never.pk).update(last_failed_at=clock.now())
    Gateway.objects.filter(pk=rests.pk).update(failures=3, last_sent_at=clock.now())
    found = check_channels()
    assert (found.level, found.values["names"]) == ("warning", f"{never.name}, {rests.name}")
    services.switch_gateway(actor=admin(), gateway_id=never.pk, on=False)
    assert check_channels().values["names"] == rests.name


def test_a_channel_of_returned_mail_works_once_it_has_heard(client):
    gateway = make_gateway("mail", secrets={})
    sign_in(make_user(roles=["system_admin"]), client)
    for heard, word in ((None, "尚未使用"), (clock.now(), "正常")):
        Gateway.objects.update(last_receipt_at=heard)
        page = client.get(reverse("notifications:channels")).content.decode()
        row = page.split(f'id="channel-{gateway.pk}"')[1].split("</tr>")[0]
        assert word in row
        assert ">20<" not in row  # it sends nothing
