"""My promises, the calendar and its feed, heat map and trend: content, walls, budgets."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from icalendar import Calendar

from shouyue.accounts.models import User
from shouyue.accounts.queries import actor_of
from shouyue.accounts.services import bump_access
from shouyue.commitments import cases
from shouyue.commitments.feed_models import CalendarFeed
from shouyue.commitments.queries import board, outlook, trends
from shouyue.commitments.services import feeds
from shouyue.contracts.choices import Role
from shouyue.contracts.tests.factories import make_user
from shouyue.kernel import clock
from shouyue.kernel.actor import SYSTEM
from shouyue.kernel.errors import Invalid, NotFound
from shouyue.kernel.models import Event
from shouyue.signoff.models import Signoff

from .factories import contract_under, happens, make_member, new_case
from .scenes import MINUTE, START, Scene, client_of, client_of_actor, lived, manager

pytestmark = pytest.mark.django_db


def customer_of(contract, role=Role.IT_CONTACT):
    """A person of the contract's customer. The test's plan is internal, so that nobody outside may see of it."""
    user = make_user(customer_id=contract.customer_id)
    make_member(contract=contract, user=user, role=role)
    return user


def agent_of(contract):
    user = make_user()
    make_member(contract=contract, user=user, role=Role.PROJECT_MANAGER)
    return user


def worker(monkeypatch, found):
    known = cases.type_of("ticket")
    hands = cases.CaseType("ticket", known.people, known.labels, lambda user_id: found)
    monkeypatch.setitem(cases._types, "ticket", hands)


def test_what_somebody_works_on_stands_soonest_first(monkeypatch):
    contract = contract_under()
    found = lived(contract)
    worker(monkeypatch, found[2:])
    rows = outlook.owed_by_person(actor_of(agent_of(contract).pk))
    assert [(row.commitment.name, row.state) for row in rows] == [
        ("respond", "missed"),
        ("repair", "running"),
    ]


def test_nobody_is_handed_what_lies_behind_a_wall(monkeypatch):
    contract = contract_under()
    found = lived(contract)
    worker(monkeypatch, found)
    stranger = make_user()
    make_member(contract=contract_under(), user=stranger, role=Role.PROJECT_MANAGER)
    assert outlook.owed_by_person(actor_of(stranger.pk)) == []


def test_roles_owe_what_the_plan_lays_on_them():
    contract = contract_under()
    lived(contract)
    actor = actor_of(agent_of(contract).pk)
    owner = contract.commitments.get(name="repair").owner
    holder = make_user()
    make_member(contract=contract, user=holder, role=owner)
    assert {row.commitment.name for row in outlook.owed_by_roles(actor_of(holder.pk))} == {
        "respond",
        "repair",
    }
    if owner != Role.PROJECT_MANAGER:
        assert outlook.owed_by_roles(actor) == []


def test_my_promises_group_by_when_they_are_due(monkeypatch):
    contract = contract_under()
    found = lived(contract)
    worker(monkeypatch, found)
    client = client_of(agent_of(contract))
    with clock.at(START + 20 * MINUTE):
        groups = client.get(reverse("commitments:mine"), {"view": "own"}).context["groups"]
        assert [(group.key, len(group.rows)) for group in groups] == [("overdue", 1), ("today", 3)]


def test_what_is_done_without_a_limit_stands_last_among_my_promises(monkeypatch):
    contract, case = contract_under(), new_case()
    worker(monkeypatch, [case])
    with clock.at(START):
        happens(contract, case, "ticket.reported")
        happens(contract, case, "ticket.resolved", at=START + MINUTE)
    client = client_of(agent_of(contract))
    with clock.at(START + 5 * MINUTE):
        groups = client.get(reverse("commitments:mine"), {"view": "own"}).context["groups"]
    assert [(group.key, len(group.rows)) for group in groups] == [("today", 1), ("unjudged", 1)]


def test_what_waits_for_my_answer_is_called_by_its_name_and_leads_there():
    with clock.at(START + 20 * MINUTE):
        scene, other = Scene(), contract_under()
        make_member(other, Role.PROJECT_MANAGER, user=User.objects.get(pk=scene.manager.user_id))
        scene.proposed()
        signoff, browser = Signoff.objects.get(), client_of_actor(scene.manager)
        for code, shown in (("", 1), (scene.contract.code, 1), (other.code, 0)):
            page = browser.get(
                reverse("commitments:mine"), {"view": "word", "contract": code}
            ).content.decode()
            assert page.count(f">{signoff.label}</a>") == shown
            assert page.count(reverse("signoff:signoff", args=[signoff.number])) == shown


def test_pages_cost_as_much_for_many_obligations(monkeypatch):
    contract = contract_under()
    few = lived(contract)
    client = manager()
    for name, query in (
        ("mine", {"view": "team"}),
        ("calendar", {"view": "month"}),
        ("calendar", {"view": "agenda"}),
        ("heat", {}),
        ("heat", {"contract": contract.code}),
    ):
        with clock.at(START + 20 * MINUTE):
            worker(monkeypatch, few)
            client.get(reverse(f"commitments:{name}"), query)
            with CaptureQueriesContext(
                connection,
            ) as before:
                client.get(reverse(f"commitments:{name}"), query)
        more = lived(contract, 6)
        with clock.at(START + 20 * MINUTE):
            worker(monkeypatch, [*few, *more])
            with CaptureQueriesContext(connection) as after:
                assert client.get(reverse(f"commitments:{name}"), query).status_code == 200
        assert len(after) <= len(before) <= 20, name


def test_the_calendar_counts_by_day_and_promise():
    contract = contract_under()
    lived(contract)
    wanted = outlook.Wanted(START - timedelta(days=1), START + timedelta(days=1))
    found = outlook.entries(SYSTEM, [contract], wanted)
    told = {entry.commitment.name: (entry.count, entry.kept, entry.broken, entry.tone) for entry in found}
    assert told == {"respond": (3, 1, 2, "bad"), "repair": (3, 0, 0, "info")}
    assert {entry.day.isoformat() for entry in found} == {"2026-03-02"}
    narrow = outlook.Wanted(wanted.since, wanted.until, contract.pk, "deadline", "repair")
    assert [entry.commitment.name for entry in outlook.entries(SYSTEM, [contract], narrow)] == ["repair"]
    assert outlook.entries(SYSTEM, [contract], outlook.Wanted(wanted.since, wanted.until, kind="quota")) == []


@pytest.mark.parametrize("day", ["tomorrow", "2026-02-30", "0001-01-01", "9999-12-31"])
def test_a_wrong_day_is_told(day):
    page = manager().get(reverse("commitments:calendar"), {"day": day})
    assert page.status_code == 422
    assert "日期应写作 2026-11-22" in page.content.decode()


@pytest.mark.parametrize("page", ["²", "-1", "99999", "x"])
def test_a_page_there_is_none_of_is_the_first(page):
    assert manager().get(reverse("commitments:heat"), {"page": page}).status_code == 200


@pytest.mark.parametrize("view", ["month", "week", "agenda"])
def test_calendar_pages_name_the_promise(view):
    contract = contract_under()
    lived(contract)
    with clock.at(START):
        answer = manager().get(
            reverse("commitments:calendar"), {"view": view, "day": "2026-03-02", "contract": contract.code}
        )
    assert answer.status_code == 200
    assert "repair" in answer.content.decode()


def test_the_feed_shows_what_its_owner_may_see_and_ends_when_revoked():
    contract = contract_under()
    lived(contract)
    other = contract_under()
    lived(other)
    owner = actor_of(agent_of(contract).pk)
    with clock.at(START + 20 * MINUTE):
        secret = feeds.issue_feed(actor=owner)
        url = reverse("commitments:feed", args=[secret])
        answer = Client().get(url, {"kind": "deadline"})
        found = [event["summary"] for event in Calendar.from_ical(answer.content).walk("VEVENT")]
        assert answer["Content-Type"].startswith("text/calendar")
        assert sorted(found) == sorted([f"[{contract.code}] respond", *[f"[{contract.code}] repair"] * 3])
        assert Calendar.from_ical(Client().get(url).content).walk("VEVENT") == []
        feeds.revoke_feed(actor=owner)
        assert Client().get(url).status_code == 404
    verbs = Event.objects.filter(verb__startswith="calendar_feed.").order_by("id")
    assert [event.verb for event in verbs] == ["calendar_feed.issued", "calendar_feed.revoked"]
    assert not CalendarFeed.objects.filter(digest=secret).exists()


def test_a_new_address_ends_the_one_before():
    owner = actor_of(agent_of(contract_under()).pk)
    first = feeds.issue_feed(actor=owner)
    second = feeds.issue_feed(actor=owner)
    assert Client().get(reverse("commitments:feed", args=[first])).status_code == 404
    assert Client().get(reverse("commitments:feed", args=[second])).status_code == 200


def test_a_feed_dies_with_its_owner():
    user = agent_of(contract_under())
    secret = feeds.issue_feed(actor=actor_of(user.pk))
    user.is_active = False
    user.save(update_fields=["is_active"])
    bump_access([user.pk])
    with pytest.raises(NotFound):
        feeds.open_feed(secret)


@pytest.mark.parametrize("secret", ["x", "x" * 65, "%00"])
def test_a_guessed_address_finds_nothing(secret):
    assert Client().get(f"/promises/calendar/{secret}.ics").status_code == 404


def test_the_address_is_shown_once():
    client = manager()
    client.post(reverse("commitments:issue_feed"))
    assert ".ics" in client.get(reverse("commitments:calendar")).content.decode()
    assert ".ics" not in client.get(reverse("commitments:calendar")).content.decode()


def test_the_heat_map_counts_verdicts_only():
    contract = contract_under()
    lived(contract)
    with clock.at(START + 20 * MINUTE):
        months, rows = trends.over_months(SYSTEM, contract)
        assert (months[0].key, months[-1].key) == ("2025-04", "2026-03")
        assert [(row.commitment.name, row.cells[-1].kept, row.cells[-1].broken) for row in rows] == [
            ("respond", 1, 2)
        ]
        assert (rows[0].cells[-1].tone, rows[0].cells[0].share) == ("bad", None)
        (sheet,) = trends.side_by_side(SYSTEM, [contract], months[-1])
        assert (sheet.total[0].kept, sheet.total[0].due) == (1, 3)


def test_the_trend_draws_twelve_months():
    contract = contract_under()
    lived(contract)
    with clock.at(START + 20 * MINUTE):
        page = manager().get(reverse("commitments:trend", args=[contract.code, "respond"]))
    body = page.content.decode()
    assert page.status_code == 200
    assert "data-trend" in body
    assert len(json.loads(page.context["chart"])["months"]) == 12
    assert [(month.key, cell.due) for month, cell in page.context["months"]] == [("2026-03", 3)]
    assert "<script>" not in body


@pytest.mark.parametrize("name", ["mine", "calendar", "heat"])
def test_access(name):
    contract = contract_under()
    lived(contract)
    url = reverse(f"commitments:{name}")
    assert Client().get(url).status_code == 302
    with clock.at(START + 20 * MINUTE):
        seen = client_of(customer_of(contract)).get(url, {"day": "2026-03-02"})
        assert seen.status_code == 200
        assert "repair" not in seen.content.decode()
        firm = client_of(customer_of(contract, Role.SUPERVISION_FIRM)).get(url, {"day": "2026-03-02"})
        assert firm.status_code == 200


def test_nobody_outside_reads_the_trend_of_an_internal_promise():
    contract = contract_under()
    lived(contract)
    url = reverse("commitments:trend", args=[contract.code, "respond"])
    assert client_of(customer_of(contract)).get(url).status_code == 404
    assert client_of(customer_of(contract_under())).get(url).status_code == 404
    assert Client().get(url).status_code == 302


@pytest.mark.parametrize(
    ("key", "since", "until"),
    [
        ("2026-03", "2026-03-01", "2026-04-01"),
        ("2026-12", "2026-12-01", "2027-01-01"),
        ("2026-Q4", "2026-10-01", "2027-01-01"),
        ("2026", "2026-01-01", "2027-01-01"),
    ],
)
def test_a_period_is_a_month_a_quarter_or_a_year(key, since, until):
    found = board.month_of("Asia/Shanghai", key)
    assert (f"{found.since:%Y-%m-%d}", f"{found.until:%Y-%m-%d}", found.key) == (since, until, key)


@pytest.mark.parametrize("key", ["2026-13", "2026-Q5", "26", "1999", "2026-3", "2026-03-01", "٢٠٢٦"])
def test_other_words_are_no_period(key):
    with pytest.raises(Invalid):
        board.month_of("Asia/Shanghai", key)


def test_the_board_of_a_quarter_counts_all_its_months():
    contract = contract_under()
    lived(contract)
    with clock.at(START + 20 * MINUTE):
        page = manager().get(reverse("commitments:board", args=[contract.code]), {"month": "2026-Q1"})
    assert [row["figures"].fell_due for row in page.context["lines"] if row["name"] == "respond"] == [3]
    assert {"2026-Q1", "2026", "2025"} <= set(page.context["months"])
