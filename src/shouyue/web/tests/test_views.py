import re
from dataclasses import replace

import pytest

from shouyue.web import preferences

from .conftest import make_actor, make_customer


def test_language_is_remembered_and_leads_back(client):
    response = client.post("/preferences/language/", {"language": "en", "next": "/offline/"})
    assert (response.status_code, response["Location"]) == (302, "/offline/")
    assert client.get("/offline/")["Content-Language"] == "en"


@pytest.mark.parametrize("signed_in", [True, False])
def test_the_switch_offers_the_other_language(client, sign_in, staff, signed_in):
    page = "/styleguide/" if signed_in else "/offline/"
    for language, other in (("en", "zh-hans"), ("zh-hans", "en")):
        sign_in(replace(staff, language=language) if signed_in else None)
        client.cookies["shouyue_language"] = language
        text = client.get(page).content.decode()
        assert f'name="language" value="{other}"' in text
        assert f'name="language" value="{language}"' not in text


def test_language_never_leads_to_another_site(client):
    response = client.post("/preferences/language/", {"language": "en", "next": "https://evil.example/"})
    assert response["Location"] == "/"


def test_an_unknown_language_changes_nothing(client):
    assert "shouyue_language" not in client.post("/preferences/language/", {"language": "xx"}).cookies


def test_the_profile_hears_of_changes_of_the_signed_in(client, sign_in, monkeypatch):
    heard = []
    monkeypatch.setattr(preferences, "_savers", [])
    preferences.register_saver(lambda request, name, value: heard.append((request.actor.id, name, value)))
    client.post("/preferences/language/", {"language": "en"})
    sign_in(make_actor())
    client.post("/preferences/language/", {"language": "en"})
    client.post("/preferences/theme/", {"theme": "dark"})
    assert heard == [(7, "language", "en"), (7, "theme", "dark")]


def test_a_dark_page_is_dark_before_any_script(client):
    client.post("/preferences/theme/", {"theme": "dark"})
    assert 'data-bs-theme="dark"' in client.get("/offline/").content.decode()


def test_the_style_guide_is_for_staff(client, sign_in):
    assert client.get("/styleguide/").status_code == 404
    sign_in(make_customer())
    assert client.get("/styleguide/").status_code == 404
    sign_in(make_actor())
    assert client.get("/styleguide/").status_code == 200


def test_the_policy_allows_nothing_inline(client):
    policy = client.get("/offline/")["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy


def test_no_page_has_inline_script_style_or_handler(client, sign_in):
    sign_in(make_actor())
    html = client.get("/styleguide/").content.decode() + client.get("/fail/broken/").content.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", html)


def test_every_translated_text_has_chinese(client, sign_in):
    sign_in(make_actor())
    body = "<body" + client.get("/styleguide/").content.decode().split("<body")[1]
    without_states = re.sub(r'<span class="sy-badge.*?</span>', "", body)  # higher modules add states
    text = re.sub(r"<[^>]+>", " ", without_states)
    allowed = {"English", "Alice", "Wang", "GOV", "BUILD", "Esc", "CSV", "PDF", "A", "KB", "MB"}
    allowed |= {"jpg", "pdf", "fault", "report", "j", "k"}
    words = {word for word in re.findall(r"[A-Za-z]+", text) if not re.fullmatch("(ZW|SP|ZM|PT)", word)}
    assert words <= allowed
