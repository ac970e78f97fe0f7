import pytest

from .conftest import make_actor


def test_chinese_is_the_default_whatever_the_browser_says(client):
    response = client.get("/offline/", headers={"Accept-Language": "en-US,en"})
    assert response["Content-Language"] == "zh-hans"
    assert "网络已断开" in response.content.decode()


def test_the_cookie_decides_for_visitors(client):
    client.cookies["shouyue_language"] = "en"
    response = client.get("/offline/")
    assert response["Content-Language"] == "en"
    assert "No connection" in response.content.decode()


def test_the_profile_wins_over_the_cookie(client, sign_in):
    sign_in(make_actor(language="en"))
    client.cookies["shouyue_language"] = "zh-hans"
    assert client.get("/offline/")["Content-Language"] == "en"


@pytest.mark.parametrize("value", ["xx", "../../etc", ""])
def test_an_unknown_language_falls_back(client, value):
    client.cookies["shouyue_language"] = value
    assert client.get("/offline/")["Content-Language"] == "zh-hans"


def test_an_unknown_zone_falls_back(client, sign_in):
    sign_in(make_actor(time_zone="Mars/Olympus"))
    assert client.get("/offline/").status_code == 200


def test_htmx_answers_carry_the_servers_time(client):
    assert "+00:00" in client.get("/now/", headers={"HX-Request": "true"})["X-Server-Now"]
    assert "X-Server-Now" not in client.get("/now/")


def test_the_sign_in_page_never_lands_inside_a_page(client):
    current = "http://testserver/tickets/7/?tab=work"
    response = client.get("/protected/", headers={"HX-Request": "true", "HX-Current-URL": current})
    assert response.status_code == 401
    assert 'href="/sign-in/?next=%2Ftickets%2F7%2F%3Ftab%3Dwork"' in response.content.decode()


def test_a_plain_request_still_goes_to_the_sign_in_page(client):
    assert client.get("/protected/")["Location"] == "/sign-in/?next=/desk/"
