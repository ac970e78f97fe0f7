"""Gateways and drafts for tests."""

from __future__ import annotations

from itertools import count

from shouyue.accounts.queries import actor_from
from shouyue.accounts.tests.factories import make_user
from shouyue.notifications import services
from shouyue.notifications.services import Draft

_numbers = count(1)


def admin():
    return actor_from(make_user(roles=["system_admin"]))


def make_gateway(kind="wecom", *, url="http://127.0.0.1:9/?key=hidden-key", actor=None, **changes):
    given = {"name": f"通道{next(_numbers)}", "per_minute": 20, "settings": {}, "secrets": {"url": url}}
    if kind == "sms_http":
        given |= {
            "settings": {
                "url": url,
                "content_type": "json",
                "body": '{"to": "{phone}", "text": "{text}", "id": "{key}"}',
                "signature_encoding": "hex",
            },
            "secrets": {},
        }
    return services.create_gateway(actor=actor or admin(), kind=kind, **given | changes)


def aliyun_settings(url):
    return {
        "endpoint": url,
        "access_key_id": "LTAI-test",
        "sign_name": "守约 运维",
        "template_code": "SMS_1",
        "template_param": '{"content": "{text}", "url": "{link}"}',
    }


def draft(user, channel="in_app", key="k1", **changes):
    values = {"subject": "即将到期", "body": "请处理", "url": "/obligations/1/"}
    return Draft(user_id=user.pk, customer_id=user.customer_id, channel=channel, key=key, **values | changes)
