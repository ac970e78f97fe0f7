import json

import pytest
from django.contrib.messages import get_messages
from django.contrib.messages.storage.cookie import CookieStorage
from django.http import HttpResponse
from django.test import RequestFactory

from shouyue.web.htmx import go, is_fragment, load_again, pulse, toast, trigger


def get(**headers):
    request = RequestFactory().get("/", headers=headers)
    request._messages = CookieStorage(request)
    return request


@pytest.mark.parametrize(
    ("headers", "answer"),
    [
        ({}, False),
        ({"HX-Request": "true"}, True),
        ({"HX-Request": "true", "HX-Boosted": "true"}, False),
        ({"HX-Request": "true", "HX-History-Restore-Request": "true"}, False),
    ],
)
def test_is_fragment(headers, answer):
    assert is_fragment(get(**headers)) is answer


def test_page_and_fragment_share_one_address(client, sign_in, staff):
    sign_in(staff)
    page = client.get("/styleguide/")
    part = client.get("/styleguide/", headers={"HX-Request": "true"})
    assert page.content.startswith(b"<!DOCTYPE html>")
    assert b"<html" not in part.content
    assert b'id="sample-list"' in part.content
    assert "HX-Request" in page["Vary"]
    assert "HX-Request" in part["Vary"]


def test_toasts_of_one_answer_add_up():
    response = trigger(toast(toast(HttpResponse(), "one"), "two", "error"), "dialog:close")
    assert json.loads(response["HX-Trigger"]) == {
        "toast": {"items": [{"text": "one", "level": "success"}, {"text": "two", "level": "error"}]},
        "dialog:close": None,
    }


def test_chinese_toasts_survive_the_header():
    assert "保存" in json.loads(toast(HttpResponse(), "已保存")["HX-Trigger"])["toast"]["items"][0]["text"]


def test_go_redirects_forms_with_303_and_htmx_by_header():
    plain, htmx = get(), get(**{"HX-Request": "true"})
    assert (go(plain, "/next/").status_code, go(plain, "/next/")["Location"]) == (303, "/next/")
    assert (go(htmx, "/next/").status_code, go(htmx, "/next/")["HX-Redirect"]) == (204, "/next/")


def test_go_keeps_its_text_for_the_next_page():
    request = get()
    go(request, "/next/", "Saved.", "warning")
    assert [(str(m), m.level_tag) for m in get_messages(request)] == [("Saved.", "warning")]


def test_a_followed_fragment_that_is_done_has_the_page_loaded_anew():
    answer = load_again()
    assert (answer.status_code, answer["HX-Refresh"]) == (204, "true")


def test_pulse_is_silent_until_the_version_changes():
    first = pulse(get(), 7)
    assert (first.status_code, first["ETag"]) == (204, '"7"')
    assert pulse(get(**{"If-None-Match": '"7"'}), 7).status_code == 304
    assert pulse(get(**{"If-None-Match": '"7"'}), 8)["ETag"] == '"8"'
