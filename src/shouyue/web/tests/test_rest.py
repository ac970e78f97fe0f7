"""The base of the JSON API, tried on an API of its own."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import orjson
import pytest
from django.http import Http404, HttpRequest, HttpResponse
from django.test import RequestFactory
from django.utils import translation
from django.utils.translation import gettext_lazy
from ninja import File, NinjaAPI, Query, Schema
from ninja.files import UploadedFile
from ninja.responses import Status

from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Conflict, Invalid, NotFound, TooMany
from shouyue.kernel.models import KeptAnswer
from shouyue.kernel.scope import EVERYTHING
from shouyue.web import rest

done: list[str] = []


class ThingIn(Schema):
    name: str
    size: int = 1


def _make_api() -> NinjaAPI:
    api = NinjaAPI(
        urls_namespace="trial", auth=rest.authenticate, renderer=rest.Renderer(), title="Trial", version="1"
    )
    rest.install(api)

    @api.get("me/things")
    def list_things(request: HttpRequest, query: Query[rest.PageQuery]) -> dict[str, object]:
        return {"limit": query.limit}

    @api.get("me/values")
    def read_values(request: HttpRequest) -> dict[str, object]:
        return {
            "at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
            "on": date(2026, 1, 2),
            "amount": Decimal("1.50"),
            "text": gettext_lazy("Saved."),
        }

    @api.post("me/things", response={201: ThingIn})
    @rest.repeatable
    def make_thing(request: HttpRequest, response: HttpResponse, data: ThingIn) -> Status[ThingIn]:
        if data.name == "conflict":
            raise Conflict
        done.append(data.name)
        response["ETag"] = rest.etag(1)
        return Status(201, data)

    @api.post("me/files")
    def attach(request: HttpRequest, file: File[UploadedFile]) -> None:
        done.append(str(file.name))

    @api.put("me/things/{int:version}")
    def change_thing(request: HttpRequest, version: int) -> dict[str, int]:
        rest.require_match(request, version)
        return {"version": version}

    @api.get("me/errors/{name}")
    def fail(request: HttpRequest, name: str) -> None:
        raise {
            "missing": NotFound,
            "fields": Invalid(fields={"title": ["too long"]}),
            "many": TooMany,
            "django": Http404,
            "bug": RuntimeError("secret detail"),
        }[name]

    return api


API = _make_api()


def user(**changes):
    given = {"kind": "user", "id": 3, "name": "", "scope": EVERYTHING, "user_id": 3, "language": "en"}
    return Actor(**given | changes)


def call(method, path, body=None, *, actor="user", **headers):
    """One call straight into the API's views, with the actor that the middleware would have found."""
    data = json.dumps(body) if body is not None else ""
    named = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    request = RequestFactory().generic(method, f"/api/{path}", data, "application/json", **named)
    request.actor = user() if actor == "user" else actor
    request._dont_enforce_csrf_checks = True
    for pattern in API.urls[0]:
        match = pattern.resolve(path)
        if match:
            return match.func(request, *match.args, **match.kwargs)
    raise AssertionError(path)


def body_of(response):
    return orjson.loads(response.content)


def test_values_become_json():
    values = body_of(call("GET", "me/values"))
    assert values == {"at": "2026-01-02T03:04:05Z", "on": "2026-01-02", "amount": "1.50", "text": "Saved."}


def test_nobody_is_asked_to_sign_in():
    response = call("GET", "me/values", actor=None)
    assert (response.status_code, response["Content-Type"]) == (401, rest.PROBLEM_TYPE)
    assert response["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("missing", 404, "not_found"),
        ("fields", 422, "invalid"),
        ("many", 429, "too_many"),
        ("django", 404, "not_found"),
    ],
)
def test_errors_are_problem_details(name, status, code):
    response = call("GET", f"me/errors/{name}")
    problem = body_of(response)
    assert (response.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert problem["type"] == f"urn:shouyue:problem:{code.replace('_', '-')}"
    assert problem["title"]


def test_wrong_fields_are_named():
    assert body_of(call("GET", "me/errors/fields"))["errors"] == [{"field": "title", "detail": "too long"}]
    response = call("POST", "me/things", {"size": "x"})
    assert response.status_code == 422
    said = {entry["field"]: entry["detail"] for entry in body_of(response)["errors"]}
    assert said == {"body.name": "This is needed.", "body.size": "Give a whole number."}
    chinese = body_of(call("POST", "me/things", {"size": "x"}, actor=user(language="zh-hans")))
    assert {entry["detail"] for entry in chinese["errors"]} == {"此项必填。", "请填写整数。"}


def test_a_bug_tells_nothing_about_itself(caplog):
    response = call("GET", "me/errors/bug")
    assert response.status_code == 500
    assert b"secret" not in response.content
    assert "secret detail" in caplog.text


def test_a_body_that_is_too_large_is_a_problem_of_who_sent_it(settings, caplog):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 20
    response = call("POST", "me/things", {"name": "x" * 20})
    assert (response.status_code, body_of(response)["code"]) == (413, "too_large")
    assert body_of(response)["detail"].startswith("What was sent is larger")
    assert caplog.records == []


@pytest.mark.parametrize(
    ("path", "kind", "said"),
    [
        ("me/things", "application/json", "The body cannot be read: send JSON in UTF-8."),
        ("me/files", "multipart/form-data", "The request could not be read"),
    ],
)
def test_a_malformed_body_is_a_problem(path, kind, said):
    request = RequestFactory().generic("POST", f"/api/{path}", "{", kind)
    request.actor, request._dont_enforce_csrf_checks = user(), True
    response = next(p for p in API.urls[0] if p.resolve(path)).resolve(path).func(request)
    assert (response.status_code, body_of(response)["code"]) == (400, "malformed")
    assert body_of(response)["detail"] == said


@pytest.mark.parametrize(
    ("actor", "header", "language"),
    [
        (user(language="zh-hans"), "en", "zh-hans"),
        (user(kind="token", language="zh-hans", token_scopes=frozenset()), "en-GB,zh;q=0.5", "en"),
        (user(kind="token", language="zh-hans", token_scopes=frozenset()), "xx", "zh-hans"),
        (None, "en", "en"),
        (None, "", "zh-hans"),
    ],
)
def test_errors_speak_the_readers_language(actor, header, language):
    headers = {"accept-language": header} if header else {}
    with translation.override("zh-hans"):
        response = call("GET", "me/errors/missing", actor=actor, **headers)
    assert response["Content-Language"] == language


@pytest.mark.parametrize(("limit", "status"), [("0", 422), ("201", 422), ("200", 200), ("x", 422)])
def test_limits(limit, status):
    assert call("GET", "me/things").status_code == 200
    path = f"me/things?limit={limit}"
    request = RequestFactory().get(f"/api/{path}")
    request.actor = user()
    match = next(p for p in API.urls[0] if p.resolve("me/things")).resolve("me/things")
    assert match.func(request).status_code == status


@pytest.mark.parametrize(
    ("header", "status"),
    [(None, 428), ('"2"', 412), ('"1"', 200), ('W/"1"', 200), ("*", 200), ('"9", "1"', 200)],
)
def test_updates_name_their_version(header, status):
    headers = {"if-match": header} if header else {}
    assert call("PUT", "me/things/1", **headers).status_code == status


@pytest.mark.django_db
class TestRepetition:
    @pytest.fixture(autouse=True)
    def _clean(self):
        done.clear()

    def test_the_work_is_done_once(self):
        first = call("POST", "me/things", {"name": "a"}, **{"idempotency-key": "k1"})
        again = call("POST", "me/things", {"name": "a"}, **{"idempotency-key": "k1"})
        assert done == ["a"]
        assert (again.status_code, again.content, again["ETag"]) == (201, first.content, '"1"')
        assert again["Idempotency-Replayed"] == "true"
        assert "Idempotency-Replayed" not in first

    def test_without_a_key_nothing_is_kept(self):
        call("POST", "me/things", {"name": "a"})
        call("POST", "me/things", {"name": "a"})
        assert done == ["a", "a"]
        assert not KeptAnswer.objects.exists()

    def test_the_same_key_with_another_body_is_refused(self):
        call("POST", "me/things", {"name": "a"}, **{"idempotency-key": "k1"})
        refused = call("POST", "me/things", {"name": "b"}, **{"idempotency-key": "k1"})
        assert (refused.status_code, body_of(refused)["code"]) == (422, "idempotency_key_reused")
        assert done == ["a"]

    def test_a_key_belongs_to_its_actor(self):
        call("POST", "me/things", {"name": "a"}, **{"idempotency-key": "k1"})
        call("POST", "me/things", {"name": "a"}, actor=user(id=4), **{"idempotency-key": "k1"})
        assert done == ["a", "a"]

    def test_failures_may_be_tried_again(self):
        failed = call("POST", "me/things", {"name": "conflict"}, **{"idempotency-key": "k1"})
        assert failed.status_code == 409
        assert call("POST", "me/things", {"name": "a"}, **{"idempotency-key": "k1"}).status_code == 201

    @pytest.mark.parametrize("key", ["x" * 201, "a b", "键"])
    def test_keys_are_plain(self, key):
        response = call("POST", "me/things", {"name": "a"}, **{"idempotency-key": key})
        assert (response.status_code, body_of(response)["code"]) == (422, "idempotency_key")
        assert done == []

    def test_a_stranger_gets_no_kept_answer(self):
        call("POST", "me/things", {"name": "a"}, **{"idempotency-key": "k1"})
        assert (
            call("POST", "me/things", {"name": "a"}, actor=None, **{"idempotency-key": "k1"}).status_code
            == 401
        )


def test_sessions_need_the_csrf_token_to_change():
    request = RequestFactory().generic("POST", "/api/me/things", '{"name": "a"}', "application/json")
    request.actor = user()
    done.clear()
    response = next(p for p in API.urls[0] if p.resolve("me/things")).resolve("me/things").func(request)
    assert (response.status_code, body_of(response)["code"], done) == (403, "csrf", [])
    request.actor = user(kind="token", token_scopes=frozenset())
    assert (
        next(p for p in API.urls[0] if p.resolve("me/things")).resolve("me/things").func(request).status_code
        == 201
    )


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/api/me", ""),
        ("GET", "/api/customers", "parties:read"),
        ("POST", "/api/customers/3/sites", "parties:write"),
        ("GET", "/api/users", "admin"),
        ("GET", "/api/something-new", "admin"),
    ],
)
def test_scopes_follow_from_the_path(method, path, scope):
    assert rest.scope_of(method, path) == scope


def test_scopes_include_others():
    assert rest.expand_scopes(["parties:write"]) == {"parties:write", "parties:read"}
    assert {"admin", "parties:read", "parties:write"} <= rest.expand_scopes(["admin"])


def test_the_description_is_openapi_31_with_problems():
    document = rest.document(API)
    assert document["openapi"] == "3.1.0"
    operation = document["paths"]["/api/me/things"]["post"]
    assert "application/problem+json" in operation["responses"]["default"]["content"]
    assert document["components"]["securitySchemes"]["BearerOrSession"]["scheme"] == "bearer"


@pytest.mark.django_db
def test_an_unknown_address_is_a_problem_too(client):
    response = client.get("/api/no-such-thing")
    assert (response.status_code, response["Content-Type"]) == (404, rest.PROBLEM_TYPE)
