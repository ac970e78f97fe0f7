"""API tokens: secrets, scopes, expiry, revocation."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from shouyue.accounts import queries, services
from shouyue.accounts.models import ApiToken
from shouyue.accounts.tests.factories import actor_for, make_user
from shouyue.kernel import clock
from shouyue.kernel.actor import SYSTEM
from shouyue.kernel.errors import Invalid, NotAllowed, NotFound
from shouyue.kernel.models import Event

pytestmark = pytest.mark.django_db


def make_token(user, *scopes, days=30):
    until = clock.now() + timedelta(days=days)
    return services.create_token(
        actor=actor_for(user), name="脚本", scopes=scopes or ("parties:read",), expires_at=until
    )


def bearer(made):
    return {"authorization": f"Bearer {made.secret}"}


def test_the_secret_is_not_kept():
    made = make_token(make_user())
    assert made.secret.startswith("sy_")
    row = ApiToken.objects.get()
    assert row.prefix == made.secret[:9]
    assert made.secret not in json.dumps(list(ApiToken.objects.values()), default=str)
    assert Event.objects.get(verb="token.created").facts["owner"] == f"user:{row.user_id}"


def test_a_token_acts_for_its_owner_within_its_scopes(client):
    user = make_user(roles=["hq"])
    made = make_token(user, "parties:read")
    assert client.get("/api/me", headers=bearer(made)).json()["token_scopes"] == ["parties:read"]
    assert client.get("/api/customers", headers=bearer(made)).status_code == 200
    body = json.dumps({"code": "X", "name": "X"})
    refused = client.post("/api/customers", body, content_type="application/json", headers=bearer(made))
    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
    assert client.get("/api/users", headers=bearer(made)).status_code == 403


def test_write_includes_read_and_admin_everything(client):
    user = make_user(roles=["hq"])
    for scope in ("parties:write", "admin"):
        made = make_token(user, scope)
        assert client.get("/api/customers", headers=bearer(made)).status_code == 200
        body = json.dumps({"code": scope[:5].upper(), "name": "X"})
        created = client.post("/api/customers", body, content_type="application/json", headers=bearer(made))
        assert created.status_code == 201


def test_a_token_is_no_more_than_its_owner(client):
    made = make_token(make_user(roles=["desk_agent"]), "admin")
    assert client.get("/api/users", headers=bearer(made)).status_code == 403


@pytest.mark.parametrize(
    ("end", "said"),
    [("revoke", "已撤销"), ("expire", "到期"), ("deactivate", "请登录"), ("reset", "须先设置新密码")],
)
def test_an_ended_token_is_refused_at_once_and_told_why(client, end, said):
    user = make_user(roles=["hq"])
    made = make_token(user)
    assert client.get("/api/customers", headers=bearer(made)).status_code == 200
    if end == "revoke":
        services.revoke_token(actor=actor_for(user), token_id=made.token.id)
    elif end == "expire":
        ApiToken.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    elif end == "deactivate":
        services.deactivate_user(actor=SYSTEM, user_id=user.id)
    else:
        services.set_password(actor=SYSTEM, user_id=user.id, password="another phrase 9")
    refused = client.get("/api/customers", headers=bearer(made))
    assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")
    assert said in refused.json()["detail"]
    assert refused["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("header", ["Bearer wrong", "Bearer", "Basic eDp5", "Bearer a\x00b"])
def test_a_bad_token_is_refused_even_beside_a_good_session(client, header):
    from shouyue.accounts.tests.factories import sign_in

    sign_in(make_user(), client)
    assert client.get("/api/me").status_code == 200
    assert client.get("/api/me", headers={"authorization": header}).status_code == 401


def test_a_scope_that_is_missing_is_named_in_the_language_asked_for(client):
    made = make_token(make_user(roles=["hq"]))
    for language, said in (
        ("zh-hans", "此令牌的权限范围不含 tickets:read。"),
        ("en", "do not include tickets:read."),
    ):
        refused = client.get("/api/tickets", headers=bearer(made) | {"accept-language": language})
        assert refused.status_code == 403
        assert said in refused.json()["detail"]


def test_a_token_opens_no_pages(client):
    made = make_token(make_user(roles=["hq"]), "admin")
    assert client.get("/customers/", headers=bearer(made)).status_code == 302


def test_the_use_of_a_token_is_noted_once_a_minute(client, django_assert_num_queries):
    made = make_token(make_user(roles=["hq"]))
    client.get("/api/me", headers=bearer(made))
    used = ApiToken.objects.get().last_used_at
    assert used is not None
    with django_assert_num_queries(5):  # the token itself; the others open and close the scope of the request
        client.get("/api/me", headers=bearer(made))
    assert ApiToken.objects.get().last_used_at == used


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["world:write"]}, "scopes"),
        ({"days": 0}, "expires_at"),
        ({"days": 400}, "expires_at"),
    ],
)
def test_create_token_refuses(changes, field):
    actor = actor_for(make_user())
    given = {"name": "x", "scopes": ["parties:read"], "days": 30} | changes
    until = clock.now() + timedelta(days=given.pop("days"))
    with pytest.raises(Invalid) as refused:
        services.create_token(actor=actor, expires_at=until, **given)
    assert list(refused.value.fields) == [field]
    assert not ApiToken.objects.exists()


def test_a_token_makes_no_tokens_and_a_stranger_revokes_none():
    user, stranger = make_user(), make_user()
    made = make_token(user, "admin")
    token_actor, _used = queries.token_bearer(made.token.digest)
    with pytest.raises(NotAllowed):
        services.create_token(
            actor=token_actor, name="x", scopes=["admin"], expires_at=clock.now() + timedelta(days=1)
        )
    with pytest.raises(NotFound):
        services.revoke_token(actor=actor_for(stranger), token_id=made.token.id)
    assert ApiToken.objects.get().revoked_at is None
