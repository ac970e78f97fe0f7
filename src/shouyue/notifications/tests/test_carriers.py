"""Senders against servers that check signatures in their own way, and against servers that misbehave."""

from __future__ import annotations

import hashlib
import hmac
import socket
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import httpx
import pytest

from shouyue.notifications.carriers import http, sending
from shouyue.notifications.carriers.parcel import Parcel
from shouyue.notifications.rules import signing

from . import providers
from .factories import aliyun_settings

TEXT = "GB-2026-1042：“十分钟响应”将于 11-22 10:30 到期 & + 100%"


def parcel(settings=None, secrets=None, **changes):
    given = {
        "phone": "13800001111",
        "subject": TEXT,
        "text": '第二行 "引号"\n第三行',
        "link": "https://desk.example/obligations/1/",
        "key": "obligation:1:0:7:sms",
        "at": datetime.now(UTC),
    }
    return Parcel(settings=settings or {}, secrets=secrets or {}, **given | changes)


def test_the_published_example_of_aliyun_is_met():
    empty = hashlib.sha256(b"").hexdigest()
    told = signing.aliyun(
        method="POST",
        path="/",
        query={"ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd", "RegionId": "cn-shanghai"},
        headers={
            "host": "ecs.cn-shanghai.aliyuncs.com",
            "x-acs-action": "RunInstances",
            "x-acs-content-sha256": empty,
            "x-acs-date": "2023-10-26T10:22:32Z",
            "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
            "x-acs-version": "2014-05-26",
        },
        body=b"",
        key_id="YourAccessKeyId",
        secret="YourAccessKeySecret",
    )
    assert told.endswith("Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0")


def test_aliyun_takes_a_message_and_its_key(serve):
    server = serve(providers.aliyun("LTAI-test", "aliyun-secret"))
    one = parcel(aliyun_settings(server.url), {"secret": "aliyun-secret"})
    assert sending.send("sms_aliyun", one).state == "accepted"
    assert sending.send("sms_aliyun", one).state == "accepted"  # another try has another nonce
    query = server.got[0].query
    assert (query["OutId"], query["PhoneNumbers"]) == (one.key, "13800001111")
    assert TEXT in query["TemplateParam"]


def test_aliyun_refuses_a_wrong_secret_without_showing_it(serve):
    server = serve(providers.aliyun("LTAI-test", "aliyun-secret"))
    outcome = sending.send("sms_aliyun", parcel(aliyun_settings(server.url), {"secret": "wrong-secret"}))
    assert outcome.state == "refused"
    assert "SignatureDoesNotMatch" in outcome.answer
    assert "wrong-secret" not in outcome.answer


@pytest.mark.parametrize(
    ("code", "state"),
    [
        ("isv.BUSINESS_LIMIT_CONTROL", "later"),  # of one number: no reason for a pause of all
        ("Throttling.User", "slow"),
        ("isp.SYSTEM_ERROR", "failed"),
        ("isv.MOBILE_NUMBER_ILLEGAL", "refused"),
    ],
)
def test_aliyun_codes_are_told_apart(serve, code, state):
    server = serve(lambda _request: (200, {"Code": code, "Message": "x"}, {}))
    assert (
        sending.send("sms_aliyun", parcel(aliyun_settings(server.url), {"secret": "s3cret"})).state == state
    )


def test_wecom_names_the_person_and_keeps_within_its_limit(serve):
    server = serve(providers.wecom("k-1"))
    secrets = {"url": f"{server.url}/cgi-bin/webhook/send?key=k-1"}
    assert sending.send("wecom", parcel(secrets=secrets, text="长" * 3000)).state == "accepted"
    assert server.got[0].json["text"]["mentioned_mobile_list"] == ["13800001111"]
    assert server.got[0].headers["idempotency-key"] == "obligation:1:0:7:sms"
    wrong = {"url": f"{server.url}/cgi-bin/webhook/send?key=k-2"}
    assert sending.send("wecom", parcel(secrets=wrong)).state == "refused"


def test_dingtalk_is_signed(serve):
    server = serve(providers.dingtalk("t-1", "SECding"))
    url = f"{server.url}/robot/send?access_token=t-1"
    assert sending.send("dingtalk", parcel(secrets={"url": url, "secret": "SECding"})).state == "accepted"
    assert server.got[0].json["at"]["atMobiles"] == ["13800001111"]
    assert "@13800001111" in server.got[0].json["text"]["content"]
    for wrong in ({"url": url}, {"url": url, "secret": "SECother"}):
        assert sending.send("dingtalk", parcel(secrets=wrong)).state == "refused"


def test_dingtalk_signatures_survive_every_character_of_base64(serve):
    server = serve(providers.dingtalk("t-1", "SECding"))
    url = f"{server.url}/robot/send?access_token=t-1"
    states = {
        sending.send(
            "dingtalk",
            parcel(secrets={"url": url, "secret": "SECding"}, at=datetime.fromtimestamp(now, UTC)),
        ).state
        for now in (datetime.now(UTC).timestamp() - n for n in range(40))
    }
    assert states == {"accepted"}
    assert any("%2B" in request.path or "%2F" in request.path for request in server.got)


def test_feishu_is_signed(serve):
    server = serve(providers.feishu("feishu-secret"))
    url = f"{server.url}/open-apis/bot/v2/hook/1"
    assert sending.send("feishu", parcel(secrets={"url": url, "secret": "feishu-secret"})).state == "accepted"
    for wrong in ({"url": url}, {"url": url, "secret": "other-secret"}):
        assert sending.send("feishu", parcel(secrets=wrong)).state == "refused"


def test_feishu_names_the_person_whom_it_cannot_mention(serve):
    server = serve(lambda _request: (200, {"code": 0}, {}))
    sending.send("feishu", parcel(secrets={"url": server.url}, name="林晓岚", text="长" * 9000))
    assert server.got[0].json["content"]["text"].endswith("\n@林晓岚")


@pytest.mark.parametrize(("words", "state"), [("too many request", "slow"), ("Bad Request", "refused")])
def test_feishu_says_9499_of_too_many_requests_and_of_a_bad_one(serve, words, state):
    server = serve(lambda _request: (200, {"code": 9499, "msg": words, "data": {}}, {}))
    assert sending.send("feishu", parcel(secrets={"url": server.url})).state == state


@pytest.mark.parametrize(
    ("field", "value", "answer"),
    [
        ("ok", "true", {"ok": True}),
        ("data.code", "0", {"data": {"code": 0}}),
    ],
)
def test_success_may_be_a_yes_and_may_stand_within_another_field(serve, field, value, answer):
    server = serve(lambda _request: (200, answer, {}))
    settings = generic(server.url, success_field=field, success_value=value)
    assert sending.send("sms_http", parcel(settings)).state == "accepted"
    server = serve(lambda _request: (200, {"ok": False, "data": {"code": 7}}, {}))
    assert sending.send("sms_http", parcel(settings | {"url": server.url})).state == "refused"


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("wecom", {"errcode": 45009, "errmsg": "api freq out of limit"}),
        ("dingtalk", {"errcode": 130101, "errmsg": "send too fast"}),
        ("feishu", {"code": 11232, "msg": "frequency limited"}),
    ],
)
def test_robots_that_ask_for_a_pause_get_one(serve, kind, answer):
    server = serve(lambda _request: (200, answer, {}))
    outcome = sending.send(kind, parcel(secrets={"url": server.url}))
    assert (outcome.state, outcome.wait) == ("slow", 60)


def generic(url, **changes):
    return {
        "url": f"{url}/send",
        "content_type": "json",
        "body": '{"to": "{phone}", "text": "{text}", "id": "{key}"}',
        "signature_header": "X-Sign",
        "signed_text": "{timestamp}\n{body}",
        "signature_encoding": "hex",
        "timestamp_header": "X-Time",
        "success_field": "code",
        "success_value": "0",
    } | changes


def test_any_gateway_is_spoken_to_as_described(serve):
    def answer(request):
        text = request.headers["x-time"].encode() + b"\n" + request.body
        good = request.headers["x-sign"] == hmac.new(b"gate-secret", text, "sha256").hexdigest()
        good = good and request.headers["authorization"] == "Bearer gate-token"
        return 200, {"code": 0 if good else 9}, {}

    server = serve(answer)
    secrets = {"secret": "gate-secret", "token": "Bearer gate-token"}
    assert sending.send("sms_http", parcel(generic(server.url), secrets)).state == "accepted"
    assert server.got[0].json == {"to": "13800001111", "text": TEXT, "id": "obligation:1:0:7:sms"}
    assert (
        sending.send("sms_http", parcel(generic(server.url), secrets | {"secret": "x-secret"})).state
        == "refused"
    )


def test_a_form_is_quoted_and_quotes_cannot_break_json(serve):
    server = serve(lambda _request: (200, {"code": 0}, {}))
    settings = generic(server.url, content_type="form", body="to={phone}&text={text}")
    assert sending.send("sms_http", parcel(settings)).state == "accepted"
    assert dict(parse_qsl(server.got[0].body.decode())) == {"to": "13800001111", "text": TEXT}
    sending.send("sms_http", parcel(generic(server.url), subject='"}, "to": "110'))
    assert server.got[1].json["to"] == "13800001111"


@pytest.mark.parametrize(
    ("status", "headers", "state"),
    [
        (500, {}, "failed"),
        (503, {}, "failed"),
        (400, {}, "refused"),
        (404, {}, "refused"),
        (302, {"Location": "http://127.0.0.1:9/elsewhere"}, "refused"),
        (429, {"Retry-After": "7"}, "slow"),
    ],
)
def test_statuses_are_told_apart(serve, status, headers, state):
    server = serve(lambda _request: (status, {"why": "x"}, headers))
    for kind in ("sms_http", "wecom"):
        outcome = sending.send(kind, parcel(generic(server.url), {"url": server.url}))
        assert outcome.state == state, kind
    assert len(server.got) == 2  # neither followed nor repeated here
    if status == 429:
        assert outcome.wait == 7


def test_a_page_instead_of_an_answer_is_tried_again(serve):
    server = serve(lambda _request: (200, b"<html>please sign in</html>", {}))
    assert sending.send("wecom", parcel(secrets={"url": server.url})).state == "failed"


def test_answers_never_show_a_secret(serve):
    server = serve(lambda request: (400, f"bad key {request.query['key']}".encode(), {}))
    outcome = sending.send("wecom", parcel(secrets={"url": f"{server.url}/?key=hidden-key"}))
    assert outcome.state == "refused"
    assert "hidden-key" not in outcome.answer


def test_a_server_that_does_not_answer(monkeypatch):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(1)
        monkeypatch.setattr(http, "_LIMITS", httpx.Timeout(0.2))
        http.close()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/?key=hidden-key"
        outcome = sending.send("wecom", parcel(secrets={"url": url}))
    http.close()
    assert (outcome.state, outcome.answer) == ("failed", "未及时应答")


def test_nobody_at_the_address():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/"
    outcome = sending.send("feishu", parcel(secrets={"url": url}))
    http.close()
    assert outcome.state == "failed"


def test_a_server_that_drips_is_cut_off(serve, monkeypatch):
    monkeypatch.setattr(http, "DEADLINE_SECONDS", 0.3)
    server = serve(lambda _request: (200, {}, {"drip": "0.05"}))
    assert sending.send("wecom", parcel(secrets={"url": server.url})).state == "failed"


def test_a_gateway_that_lacks_something_refuses():
    assert sending.send("wecom", parcel()).state == "refused"
    assert sending.send("sms_aliyun", parcel(secrets={"secret": "s"})).state == "refused"


@pytest.mark.parametrize(
    ("status", "content", "state"), [(429, b"{}", "slow"), (200, b"[" * 50_000, "failed")]
)
def test_an_answer_nobody_expects_is_no_error(serve, status, content, state):
    server = serve(lambda _request: (status, content, {"Retry-After": "²"}))
    assert sending.send("wecom", parcel(secrets={"url": server.url})).state == state
