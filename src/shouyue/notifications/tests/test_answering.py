"""What readers and callers do: taking on, handing on, choosing, calling."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from shouyue.accounts.queries import actor_from
from shouyue.accounts.tests.factories import make_user, sign_in
from shouyue.kernel import clock, events
from shouyue.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from shouyue.kernel.models import Event
from shouyue.notifications import colleagues, declarations, queries, services
from shouyue.notifications.models import Acknowledgement, Notice
from shouyue.parties.tests.factories import make_customer

from .factories import draft, make_gateway

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
ABOUT = {"about": ("obligation", 7), "level": "warning", "contract_id": 5}
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    """Contracts and promises are modules above: nobody asks them here."""
    monkeypatch.setattr(events, "_enrichers", [])
    monkeypatch.setattr(events, "_consumers", [])


@pytest.fixture
def team(monkeypatch):
    """Two of one contract; a third person is not in it."""
    first, second = make_user(), make_user(name="王强")
    rows = [(first.pk, first.name), (second.pk, second.name)]
    monkeypatch.setattr(colleagues, "_finders", [lambda _actor, _contract: rows])
    return first, second


def states(user):
    return dict(Notice.objects.filter(user=user).order_by("id").values_list("key", "state"))


def test_who_is_on_it_gets_nothing_more_about_it(team):
    first, second = team
    services.post(
        [draft(first, **ABOUT), draft(first, "email", "k2", **ABOUT), draft(first, "phone", "k3", **ABOUT)]
    )
    services.take_on(actor=actor_from(first), notice_id=Notice.objects.get(key="k1").pk)
    services.post(
        [
            draft(first, "email", "k4", **ABOUT),
            draft(first, key="k5", **ABOUT),
            draft(second, key="k6", **ABOUT),
        ]
    )
    services.post([draft(first, key="k7", about=("obligation", 8))])
    assert states(first) == {
        "k1": "sent",
        "k2": "stopped",
        "k3": "stopped",
        "k4": "stopped",
        "k5": "stopped",
        "k7": "sent",
    }
    assert states(second) == {"k6": "sent"}
    assert queries.unread_count(actor_from(first)) == 1
    assert Event.objects.get(verb="notice.taken_on").subject_id == 7


def test_a_promised_notice_is_still_recorded_when_taken_on(team):
    first, _second = team
    services.post([draft(first, **ABOUT)])
    services.take_on(actor=actor_from(first), notice_id=Notice.objects.get().pk)
    services.post([draft(first, key="k2", records=True, **ABOUT)])
    services.deliver_batch()
    assert Event.objects.get(verb="notice.sent").facts["outcome"] == "delivered"


def test_handing_on_tells_the_colleague_and_turns_what_follows(team):
    first, second = team
    services.post([draft(first, **ABOUT)])
    services.hand_on(actor=actor_from(first), notice_id=Notice.objects.get().pk, to=second.pk)
    services.post([draft(first, key="k2", **ABOUT)])
    told = list(Notice.objects.filter(user=second).order_by("id").values_list("subject", "key"))
    assert first.name in told[0][0]
    assert told[1][1] == f"k2>{second.pk}"
    assert Event.objects.get(verb="notice.taken_on").facts["to"] == f"user:{second.pk}"


def test_handing_back_does_not_turn_in_a_circle(team):
    first, second = team
    services.post([draft(first, **ABOUT)])
    services.hand_on(actor=actor_from(first), notice_id=Notice.objects.get().pk, to=second.pk)
    back = Notice.objects.get(user=second, channel="in_app")
    services.hand_on(actor=actor_from(second), notice_id=back.pk, to=first.pk)
    services.post([draft(first, key="k2", **ABOUT)])
    assert Notice.objects.filter(key="k2", user=first, state="sent").exists()


def test_only_to_a_colleague_of_the_contract_and_only_ones_own(team):
    first, second = team
    stranger = make_user()
    services.post([draft(first, **ABOUT)])
    notice = Notice.objects.get()
    for to in (stranger.pk, first.pk, 0):
        with pytest.raises(Invalid):
            services.hand_on(actor=actor_from(first), notice_id=notice.pk, to=to)
    with pytest.raises(NotFound):
        services.take_on(actor=actor_from(second), notice_id=notice.pk)
    assert not Acknowledgement.objects.exists()
    assert not Event.objects.filter(verb="notice.taken_on").exists()


def test_a_notice_about_nothing_cannot_be_taken_on():
    user = make_user()
    services.post([draft(user)])
    with pytest.raises(Invalid):
        services.take_on(actor=actor_from(user), notice_id=Notice.objects.get().pk)


def test_wishes_count_where_they_can_be_fulfilled():
    plain, chosen = make_user(email="a@example.com"), make_user(phone="13800001111")
    outside = make_user(customer_id=make_customer().pk, phone="13900001111")
    services.save_preference(actor=actor_from(chosen), channels=["email", "sms", "robot"])
    services.save_preference(actor=actor_from(outside), channels=["sms", "robot", "phone"])
    found = queries.wishes_of([plain.pk, chosen.pk, outside.pk])
    assert found == {
        plain.pk: ["in_app", "email"],
        chosen.pk: ["in_app", "sms", "robot"],
        outside.pk: ["in_app", "sms"],
    }


@pytest.mark.parametrize(("begins", "ends"), [(time(22), None), (None, time(7)), (time(7), time(7))])
def test_half_quiet_hours_are_refused(begins, ends):
    with pytest.raises(Invalid):
        services.save_preference(actor=actor_from(make_user()), channels=[], quiet_from=begins, quiet_to=ends)


def test_only_a_robot_in_use_can_be_chosen():
    robot = make_gateway()
    user = actor_from(make_user())
    assert services.save_preference(actor=user, channels=["robot"], robot_id=robot.pk).robot_id == robot.pk
    outside = actor_from(make_user(customer_id=make_customer().pk))
    with pytest.raises(Invalid):
        services.save_preference(actor=outside, channels=[], robot_id=robot.pk)


def settled(agent, call, outcome):
    ids = [notice.pk for notice in call.matters]
    return [notice.state for notice in services.settle_call(actor=agent, notice_ids=ids, outcome=outcome)]


def test_many_matters_for_one_person_are_one_call(client):
    user, other = make_user(phone="13800001111"), make_user(phone="13800002222")
    desk = make_user(roles=["desk_agent"])
    agent = actor_from(desk)
    with clock.at(NOW):
        services.post([draft(user, "phone", f"k{n}", subject=f"第{n}件") for n in range(1, 6)])
        services.post([draft(other, "phone", "k9", level="urgent")])
        mine, others = queries.calls_to_make(agent)
        assert (mine.reader, len(mine.matters), mine.is_urgent) == (user, 5, False)
        assert (others.reader, others.is_urgent) == (other, True)
        sign_in(desk, client)
        page = client.get(reverse("notifications:calls")).content.decode()
        assert page.count("第5件") == 1
        client.post(reverse("notifications:settle_call"), {"notices": mine.ids, "outcome": "reached"})
        assert [call.reader for call in queries.calls_to_make(agent)] == [other]
    assert list(Notice.objects.filter(user=user).values_list("state", flat=True)) == ["sent"] * 5


def test_one_call_is_to_one_person_and_keeps_what_came_meanwhile():
    user, other = make_user(phone="13800001111"), make_user(phone="13800002222")
    agent = actor_from(make_user(roles=["desk_agent"]))
    with clock.at(NOW):
        services.post([draft(user, "phone", "k1", **ABOUT), draft(user, "phone", "k2")])
        services.post([draft(other, "phone", "k3")])
        mine, others = queries.calls_to_make(agent)
        with pytest.raises(Invalid):
            services.settle_call(
                actor=agent,
                notice_ids=[mine.matters[0].pk, others.matters[0].pk],
                outcome="reached",
            )
        with pytest.raises(NotFound):
            services.settle_call(actor=agent, notice_ids=[mine.matters[0].pk, 10**9], outcome="reached")
        assert services.stop_calls("obligation", [7]) == 1  # while the agent was speaking
        services.post([draft(user, "phone", "k4")])
        assert settled(agent, mine, "reached") == ["sent"]
        (left,) = [call for call in queries.calls_to_make(agent) if call.reader == user]
        assert [notice.key for notice in left.matters] == ["k4"]


@pytest.mark.parametrize(
    ("level", "through", "shown"),
    [("warning", True, False), ("urgent", True, True), ("urgent", False, False)],
)
def test_calls_keep_quiet_hours_as_messages_do(level, through, shown):
    user, agent = make_user(phone="13800001111"), actor_from(make_user(roles=["desk_agent"]))
    services.save_preference(
        actor=actor_from(user),
        channels=["phone"],
        quiet_from=time(22),
        quiet_to=time(7),
        urgent_breaks_through=through,
    )
    night = NOW.replace(hour=16)  # midnight in Beijing
    with clock.at(night - timedelta(hours=3)):
        services.post([draft(user, "phone", level=level)])
        assert len(queries.calls_to_make(agent)) == 1
    with clock.at(night):
        assert len(queries.calls_to_make(agent)) == shown
    with clock.at(night + timedelta(hours=7)):
        assert len(queries.calls_to_make(agent)) == 1


def test_a_call_comes_back_until_somebody_is_reached():
    user, agent = make_user(phone="13800001111"), actor_from(make_user(roles=["desk_agent"]))
    with clock.at(NOW):
        services.post([draft(user, "phone", records=True, **ABOUT)])
        assert services.deliver_batch() == 0  # nobody but a human calls
        (call,) = queries.calls_to_make(agent)
        assert settled(agent, call, "not_reached") == ["queued"]
        assert queries.calls_to_make(agent) == []
    with clock.at(NOW + timedelta(minutes=10)):
        (call,) = queries.calls_to_make(agent)
        assert settled(agent, call, "reached") == ["sent"]
        with pytest.raises(Conflict):
            settled(agent, call, "reached")
    outcomes = (
        Event.objects.filter(verb="notice.called").order_by("id").values_list("facts__outcome", flat=True)
    )
    assert list(outcomes) == ["not_reached", "reached"]
    assert Event.objects.get(verb="notice.sent").facts["outcome"] == "delivered"


def test_three_calls_in_vain_have_failed():
    user, agent = make_user(phone="13800001111"), actor_from(make_user(roles=["desk_agent"]))
    with clock.at(NOW):
        services.post([draft(user, "phone")])
    for turn in range(3):
        with clock.at(NOW + timedelta(minutes=10 * turn)):
            (call,) = queries.calls_to_make(agent)
            settled(agent, call, "not_reached")
    assert Notice.objects.get().state == "failed"


def test_the_navigation_counts_people_to_call_once_in_a_while(rf):
    reader, other = make_user(), make_user()
    services.post([draft(reader, "phone", "k1"), draft(reader, "phone", "k2"), draft(other, "phone", "k3")])
    request = rf.get("/")
    request.actor = actor_from(make_user(roles=["desk_agent"]))
    assert declarations.calls_badge(request) is None  # as it was counted last
    declarations._calls.clear()
    assert declarations.calls_badge(request) == 2
    with CaptureQueriesContext(connection) as seen:
        assert declarations.calls_badge(request) == 2
    assert not seen.captured_queries


def test_only_the_desk_calls():
    services.post([draft(make_user(), "phone")])
    for roles in ([], ["system_admin"], ["audit_admin"]):
        with pytest.raises(NotAllowed):
            services.settle_call(
                actor=actor_from(make_user(roles=roles)),
                notice_ids=[Notice.objects.get().pk],
                outcome="reached",
            )
    assert Notice.objects.get().attempts == 0
