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
