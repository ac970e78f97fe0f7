"""Copies of lived tickets are whole: every row of each, ids of their own, chains of digests that hold."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from bench import load
from django.conf import settings
from django.db import connection
from psycopg.conninfo import make_conninfo

from shouyue.contracts.tests.factories import make_contract
from shouyue.kernel import clock, verification
from shouyue.kernel.actor import SYSTEM
from shouyue.kernel.scope import EVERYTHING, acting_in
from shouyue.tickets import services
from shouyue.tickets.models import Ticket
from shouyue.tickets.tests.factories import make_resolved, make_ticket


@pytest.mark.django_db(transaction=True)
def test_copies_of_lives() -> None:
    with acting_in(EVERYTHING):
        contract = make_contract()
        begun = make_ticket(contract)
        ended = make_resolved(contract)
        services.comment_on_ticket(actor=SYSTEM, ticket_id=begun.pk, text="备件已送达现场。")
        before = verification.size()
    url = make_conninfo(settings.DATABASES["default"]["ADMIN_URL"], dbname=connection.settings_dict["NAME"])
    back = -int(timedelta(days=40).total_seconds() * 1e6)
    with load.connect(url) as raw:
        was = load.counts(raw)
        lives = load.read_lives(raw, [begun.pk, ended.pk])
        load.Loader(raw, sound=True).copy(lives, [np.full(3, back), np.full(2, back)])
        now = load.counts(raw)
        (orphans,) = raw.execute(
            "SELECT count(*) FROM commitments_obligation o WHERE o.case_type = 'ticket' AND NOT EXISTS "
            "(SELECT 1 FROM tickets_ticket t JOIN kernel_event e ON e.case_id = t.id AND e.id = o.opened_event_id "
            "WHERE t.id = o.case_id)"
        ).fetchone() or (-1,)
    assert orphans == 0
    for table in load.TABLES:
        mine = [len(life.images[table.name]) for life in lives]
        assert now[table.name] - was[table.name] == 3 * mine[0] + 2 * mine[1], table.name
    with acting_in(EVERYTHING):
        numbers = list(Ticket.objects.values_list("number", flat=True))
        assert len(set(numbers)) == len(numbers) == 7
        moved = Ticket.objects.exclude(pk__in=[begun.pk, ended.pk]).filter(title=begun.title)
        assert all(clock.now() - ticket.reported_at > timedelta(days=39) for ticket in moved)
        assert verification.size() > before
        assert verification.check_chains() == []
