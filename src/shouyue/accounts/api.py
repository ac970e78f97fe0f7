"""JSON API: one's own account and token; accounts for the officers."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from ninja.responses import Status

from shouyue.web import rest

from . import queries, services
from .models import User
from .officers import all_users

router = Router(tags=["accounts"])


class MeOut(Schema):
    """Who asks. token_scopes: null for a signed-in person."""

    id: int
    name: str
    customer_id: int
    roles: list[str]
    contract_roles: dict[int, list[str]]
    token_scopes: list[str] | None
    language: str
    time_zone: str


class UserOut(Schema):
    id: int
    username: str
    name: str
    email: str
    phone: str
    customer_id: int
    roles: list[str]
    language: str
    time_zone: str
    is_active: bool
    version: int
    created_at: datetime


class UserIn(Schema):
    """A new account. password: the first one, to be changed at the first sign-in."""

    username: str
    name: str
    password: str | None = None
    customer_id: int = 0
    roles: list[str] = []
    email: str = ""
    phone: str = ""
    language: str = "zh-hans"
    time_zone: str = "Asia/Shanghai"


class UserChange(Schema):
    name: str
    email: str = ""
    phone: str = ""
    language: str = "zh-hans"
    time_zone: str = "Asia/Shanghai"


class RolesIn(Schema):
    roles: list[str]


class UserQuery(rest.PageQuery):
    """text: name, pinyin, user name, e-mail or phone; state: `active` or `inactive`."""

    text: str = ""
    role: str = ""
    state: str = ""


@router.get("me", response=MeOut, summary="Who am I")
def read_me(request: HttpRequest) -> dict[str, object]:
    actor = rest.actor_of(request)
    return {
        "id": actor.user_id or 0,
        "name": actor.name,
        "customer_id": actor.customer_id,
        "roles": sorted(actor.roles),
        "contract_roles": {contract: sorted(roles) for contract, roles in actor.contract_roles.items()},
        "token_scopes": None if actor.token_scopes is None else sorted(actor.token_scopes),
        "language": actor.language,
        "time_zone": actor.time_zone,
    }


@router.get("users", response=rest.Page[UserOut], summary="List accounts")
def list_users(request: HttpRequest, query: Query[UserQuery]) -> dict[str, object]:
    with all_users(rest.actor_of(request)) as actor:
        rows = queries.managed_users(actor, text=query.text, role=query.role, state=query.state)
        return rest.paged(rows, query, order=("name_key", "id"))


@router.post("users", response={201: UserOut}, summary="Make an account")
@rest.repeatable
def create_user(request: HttpRequest, response: HttpResponse, data: UserIn) -> Status[User]:
    with all_users(rest.actor_of(request)) as actor:
        made = services.create_user(actor=actor, **data.model_dump())
    response["ETag"] = rest.etag(made.version)
    return Status(201, made)


@router.get("users/{int:user_id}", response=UserOut, summary="Read an account")
def read_user(request: HttpRequest, response: HttpResponse, user_id: int) -> User:
    with all_users(rest.actor_of(request)) as actor:
        found = queries.managed_user(actor, user_id)
    response["ETag"] = rest.etag(found.version)
    return found


@router.put("users/{int:user_id}", response=UserOut, summary="Change a profile")
def change_user(request: HttpRequest, response: HttpResponse, user_id: int, data: UserChange) -> User:
    with all_users(rest.actor_of(request)) as actor:
        found = queries.managed_user(actor, user_id)
        rest.require_match(request, found.version)
        changed = services.change_user(
            actor=actor, user_id=user_id, version=found.version, **data.model_dump()
        )
    response["ETag"] = rest.etag(changed.version)
    return changed


@router.post("users/{int:user_id}/roles", response=UserOut, summary="Set the roles held in every contract")
@rest.repeatable
def change_roles(request: HttpRequest, user_id: int, data: RolesIn) -> User:
    with all_users(rest.actor_of(request)) as actor:
        return services.change_roles(actor=actor, user_id=user_id, roles=data.roles)


@router.post("users/{int:user_id}/deactivate", response=UserOut, summary="Shut somebody out")
@rest.repeatable
def deactivate_user(request: HttpRequest, user_id: int) -> User:
    with all_users(rest.actor_of(request)) as actor:
        return services.deactivate_user(actor=actor, user_id=user_id)


@router.post("users/{int:user_id}/activate", response=UserOut, summary="Let somebody in again")
@rest.repeatable
def activate_user(request: HttpRequest, user_id: int) -> User:
    with all_users(rest.actor_of(request)) as actor:
        return services.activate_user(actor=actor, user_id=user_id)
