import pytest
from django.template import engines
from django.test import RequestFactory
from django.utils.translation import override

from shouyue.web import navigation
from shouyue.web.context import Shell
from shouyue.web.moulds import mould
from shouyue.web.navigation import Item, register

from .conftest import make_actor

CONCURRENCY = "web/components/concurrency.html"


def drawn(text, **context):
    return engines["django"].from_string("{% load i18n shouyue %}" + text).render(context)


def test_values_are_escaped_and_kept_apart():
    fill = mould("web/_preferences.html", ("here", "csrf_token"), theme="dark")
    first = fill(here='/a?"<b>', csrf_token="one")
    second = fill(here="/b", csrf_token="two")
    assert 'value="/a?&quot;&lt;b&gt;"' in first
    assert 'value="one"' in first
    assert "/a" not in second
    assert "one" not in second.split("csrfmiddlewaretoken", 1)[1][:30]


def test_a_mould_belongs_to_a_language_and_its_fixed_values():
    seen = set()
    for language in ("zh-hans", "en"):
        for theme in ("light", "dark"):
            with override(language):
                seen.add(
                    mould("web/_preferences.html", ("here", "csrf_token"), theme=theme)(
                        here="", csrf_token=""
                    )
                )
    assert len(seen) == 4


def test_a_value_that_looks_like_a_hole_stays_text():
    fill = mould("web/_preferences.html", ("here", "csrf_token"), theme="auto")
    assert "--sy-hole--csrf_token--eloh-ys--" in fill(
        here="--sy-hole--csrf_token--eloh-ys--", csrf_token="secret"
    )


def test_a_hole_the_template_does_not_show_is_an_error():
    with pytest.raises(LookupError, match="nothing"):
        mould(CONCURRENCY, ("csrf_token", "nothing"))


def test_constants_see_no_variable_and_both_languages():
    text = "{% constant %}{{ secret }}{% translate 'Close' %}{% endconstant %}"
    template = engines["django"].from_string("{% load i18n shouyue %}" + text)
    for language, word in (("en", "Close"), ("zh-hans", "关闭"), ("en", "Close")):
        with override(language):
            assert template.render({"secret": "4711"}) == word


def menu_of(actor, path="/"):
    request = RequestFactory().get(path)
    request.actor = actor
    return Shell(request).sidebar


def test_what_is_kept_of_a_menu_follows_roles_badges_and_language(monkeypatch):
    monkeypatch.setattr(navigation, "_items", {})
    waiting = {"count": None}
    register(
        Item(key="desk", label="Desk", url_name="desk", icon="inbox", badge=lambda request: waiting["count"]),
        Item(
            key="board",
            label="Board",
            url_name="web:styleguide",
            icon="truck",
            roles=frozenset({"dispatcher"}),
        ),
    )
    dispatcher = make_actor(roles=frozenset({"dispatcher"}))
    assert "Board" in menu_of(dispatcher)
    assert "Board" not in menu_of(make_actor())
    assert "Board" in menu_of(make_actor(contract_roles={5: frozenset({"dispatcher"})}))
    waiting["count"] = 7
    assert ">7<" in menu_of(dispatcher)
    waiting["count"] = None
    assert ">7<" not in menu_of(dispatcher)
    with override("en"):
        english = menu_of(dispatcher)
    assert english != menu_of(dispatcher)


def test_the_page_one_stands_on_is_marked_for_this_request_alone(monkeypatch):
    monkeypatch.setattr(navigation, "_items", {})
    register(Item(key="desk", label="Desk", url_name="desk", icon="inbox"))
    assert menu_of(make_actor(), "/desk/42/").count('aria-current="page"') == 1
    assert "aria-current" not in menu_of(make_actor(), "/elsewhere/")


def test_names_in_the_top_bar_are_each_readers_own():
    def tools(actor):
        request = RequestFactory().get("/desk/?q=1")
        request.actor = actor
        return Shell(request).tools

    assert "王&lt;建国" in tools(make_actor(name="王<建国"))
    assert "王" not in tools(make_actor(name="陈思远"))
    assert "陈思远" not in tools(None)
