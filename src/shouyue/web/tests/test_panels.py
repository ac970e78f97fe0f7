import pytest
from django.template import engines
from django.test import RequestFactory

from shouyue.web import panels
from shouyue.web.panels import Panel, panels_for, register

from .conftest import make_actor


@pytest.fixture(autouse=True)
def registry(monkeypatch):
    monkeypatch.setattr(panels, "_panels", {})


def request_of(actor):
    request = RequestFactory().get("/")
    request.actor = actor
    return request


def panel(key, **values):
    return Panel(
        key=key, title=key.title(), **({"render": lambda request, obj: f"<p>{key} of {obj}</p>"} | values)
    )


def test_panels_come_in_order_with_the_object():
    register("ticket", panel("late", order=50), panel("early", order=5))
    assert [p.html for p in panels_for("ticket", request_of(make_actor()), 42)] == [
        "<p>early of 42</p>",
        "<p>late of 42</p>",
    ]


def test_a_panel_with_nothing_to_show_leaves_no_card():
    register("ticket", panel("empty", render=lambda request, obj: None))
    assert panels_for("ticket", request_of(make_actor()), 42) == []


def test_places_are_apart():
    register("ticket", panel("side", place="side"), panel("main"))
    found = panels_for("ticket", request_of(make_actor()), 42, place="side")
    assert [p.panel.key for p in found] == ["side"]


@pytest.mark.parametrize(("roles", "count"), [(frozenset(), 0), (frozenset({"dispatcher"}), 1)])
def test_roles_decide(roles, count):
    register("ticket", panel("visits", roles=frozenset({"dispatcher"})))
    assert len(panels_for("ticket", request_of(make_actor(roles=roles)), 42)) == count


def test_a_visitor_gets_no_panel_that_needs_a_role():
    register("ticket", panel("visits", roles=frozenset({"dispatcher"})))
    assert panels_for("ticket", request_of(None), 42) == []


def test_a_key_is_taken_once_per_page():
    register("ticket", panel("visits"))
    with pytest.raises(ValueError, match="'ticket' already has a panel 'visits'"):
        register("ticket", panel("visits"))


def test_the_tag_renders_a_card():
    register("ticket", panel("visits"))
    template = engines["django"].from_string('{% load shouyue %}{% page_panels "ticket" obj %}')
    html = template.render({"obj": 42}, request_of(make_actor()))
    assert 'id="panel-visits"' in html
    assert "<p>visits of 42</p>" in html
