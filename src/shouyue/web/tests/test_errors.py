import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from shouyue.kernel.errors import ShouyueError
from shouyue.web.middleware import ErrorPageMiddleware

CASES = [
    ("not-found", 404, "没有找到"),
    ("not-allowed", 403, "没有权限"),
    ("conflict", 409, "记录已被他人修改"),
    ("invalid", 422, "部分内容填写有误"),
    ("broken", 500, "系统出现故障"),
]


@pytest.mark.parametrize(("name", "status", "title"), CASES)
def test_an_error_is_a_page(client, name, status, title):
    response = client.get(f"/fail/{name}/")
    assert response.status_code == status
    assert f"<title>{title}" in response.content.decode()


@pytest.mark.parametrize(("name", "status", "title"), CASES)
def test_htmx_gets_a_fragment_for_the_alert_region(client, name, status, title):
    response = client.get(f"/fail/{name}/", headers={"HX-Request": "true"})
    text = response.content.decode()
    assert (response.status_code, response["HX-Retarget"], response["X-Error-Fragment"]) == (
        status,
        "#alerts",
        "true",
    )
    assert title in text
    assert "<html" not in text


def test_who_is_signed_in_keeps_the_navigation(client, sign_in, staff):
    assert 'id="nav"' not in client.get("/fail/not-found/").content.decode()
    sign_in(staff)
    for name in ("not-found", "not-allowed", "conflict"):
        text = client.get(f"/fail/{name}/").content.decode()
        assert 'id="nav"' in text
        assert "data-keep-drafts" in text
    assert 'id="nav"' not in client.get("/fail/broken/").content.decode()


def test_an_address_for_forms_alone_says_so(client):
    response = client.get("/preferences/theme/")
    assert (response.status_code, response["Allow"]) == (405, "POST")
    assert "<title>此地址不是页面" in response.content.decode()


def test_what_is_too_large_says_so(client, settings):
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 3
    response = client.post("/preferences/theme/", {str(number): "x" for number in range(9)})
    assert response.status_code == 413
    assert "<title>提交的内容过大" in response.content.decode()


def test_fields_are_listed(client):
    assert "<li>Too long.</li>" in client.get("/fail/invalid/").content.decode()


def test_an_unknown_address_is_not_repeated(client):
    response = client.get("/tickets/GB-2026-1042/")
    assert response.status_code == 404
    assert "GB-2026-1042" not in response.content.decode().replace('value="/tickets/GB-2026-1042/"', "")


def test_english_readers_get_english(client):
    client.cookies["shouyue_language"] = "en"
    assert "Something broke on our side" in client.get("/fail/broken/").content.decode()


def test_an_error_page_keeps_drafts(client):
    assert "data-keep-drafts" in client.get("/fail/conflict/").content.decode()


@pytest.mark.parametrize(
    ("referer", "again"),
    [("http://testserver/desk/", "http://testserver/desk/"), ("https://evil.example/", "/")],
)
def test_a_conflict_leads_back_to_the_form_it_came_from(client, referer, again):
    text = client.post("/fail/conflict/", headers={"Referer": referer}).content.decode()
    assert f'<a class="btn btn-primary" href="{again}">' in text


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/contracts/a%00b/", 404),
        ("/api/contracts/%00", 404),
        ("/api/tickets?status=%00", 422),
        ("/api/tickets?status=open", None),
        ("/desk/?q=%00", None),  # forms drop it
    ],
)
def test_no_address_takes_a_null_character_to_the_database(address, status):
    response = ErrorPageMiddleware(HttpResponse).process_view(RequestFactory().get(address))
    assert (response and response.status_code) == status


def test_every_error_has_its_sentence_in_chinese():
    kinds = [ShouyueError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    plain = [kind for kind in kinds if kind.__init__ is ShouyueError.__init__]  # others bring their own words
    said = [kind().message for kind in plain]
    assert len(said) > 5
    assert [text for text in said if text.isascii()] == []
