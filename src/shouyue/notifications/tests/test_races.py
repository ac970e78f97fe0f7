"""What providers report while the batch it is about is being settled."""

from __future__ import annotations

import json
import threading
import time

import pytest
from django.db import connection

from shouyue.accounts.tests.factories import make_user
from shouyue.kernel import clock
from shouyue.kernel.scope import EVERYTHING, acting_in
from shouyue.kernel.tests.threads import at_once, errors_of
from shouyue.notifications import services
from shouyue.notifications.carriers.parcel import Outcome
from shouyue.notifications.carriers.reports import Call
from shouyue.notifications.models import Notice, Receipt
from shouyue.notifications.services import delivery

from .factories import admin, draft, make_gateway
from .test_receipts import described

pytestmark = pytest.mark.django_db(transaction=True)


def wait_until_somebody_waits():
    with connection.cursor() as cursor:
        for _ in range(500):
            cursor.execute("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)")
            if cursor.fetchone()[0]:
                return
            time.sleep(0.02)
    raise AssertionError("nobody waits")


def test_a_report_that_comes_while_its_batch_is_settled_waits_for_it():
    with acting_in(EVERYTHING):
        gateway = make_gateway("sms_http", settings=described("http://127.0.0.1:9/"))
        secret = services.issue_receipt_address(actor=admin(), gateway_id=gateway.pk)
        services.post([draft(make_user(phone="13800001111"), "sms", "k1")])
        Notice.objects.update(state="sending", gateway=gateway)
    locked = threading.Event()

    def settle():
        notice = Notice.objects.select_related("gateway").select_for_update(of=("self",)).get()
        notice.state = "sent"
        notice.save(update_fields=["state"])
        locked.set()
        wait_until_somebody_waits()
        delivery._settle_gateways([notice], {notice.pk: Outcome("accepted")}, clock.now())

    def take():
        assert locked.wait(30)
        body = json.dumps({"reports": [{"msgid": "k1", "stat": "DELIVRD"}]}).encode()
        return services.take_receipts(secret=secret, call=Call(body, {"content-type": "application/json"}))

    assert errors_of(at_once(settle, take, scope=EVERYTHING)) == []
    with acting_in(EVERYTHING):
        assert (Notice.objects.get().state, Receipt.objects.get().notice) == ("arrived", Notice.objects.get())
