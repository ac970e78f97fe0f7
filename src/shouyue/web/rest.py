"""What every JSON endpoint shares: who asks, errors, paging, repetition, versions of records.

Errors are problem details (RFC 9457) in the reader's language. Lists are paged by an opaque cursor. A POST with
an `Idempotency-Key` may be repeated without doing its work twice. Updates name the version they start from
(`If-Match`). See docs/api.md.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import wraps
from http import HTTPStatus
from typing import Any, Generic, TypeVar

import orjson
from django.conf import settings
from django.core.exceptions import (
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.core.signals import got_request_exception
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from ninja import NinjaAPI, Schema
from ninja.decorators import decorate_view
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.renderers import BaseRenderer
from ninja.utils import check_csrf
from pydantic import BaseModel, Field

from shouyue.kernel import clock, locks
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Invalid, NotAllowed, NotFound, ShouyueError
from shouyue.kernel.models import KeptAnswer
from shouyue.web import field_words, lists
from shouyue.web.actors import actor_of as actor_of  # operations say rest.actor_of

logger = logging.getLogger(__name__)

T = TypeVar("T")
PROBLEM_TYPE = "application/problem+json"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
MAX_LIMIT = 200
ROOT = "/api/"
TOO_LARGE = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)
LARGER_THAN_TAKEN = _("What was sent is larger than the server takes. Shorten the text or send fewer files.")


class PreconditionMissing(ShouyueError):
    """Say which version you are changing: send its ETag as If-Match."""

    status = 428
    code = "precondition_required"


class PreconditionFailed(ShouyueError):
    """The record has changed meanwhile. Fetch it again, then repeat your change."""

    status = 412
    code = "precondition_failed"


# --- who asks --------------------------------------------------------------------------------------------------

_areas: dict[str, str] = {"me": "", "vocabulary": ""}
_declared: dict[str, str | Promise | _Labelled] = {
    "admin": _("Everything its owner may do, user administration included")
}


def declare_area(area: str, label: str | Promise, *prefixes: str) -> None:
    """Make the token scopes `area:read` and `area:write` known, for paths that begin with `area` or a prefix.

    Call it in `AppConfig.ready`. A path outside every area is open to tokens with the scope `admin` only.
    """
    for prefix in (area, *prefixes):
        _areas[prefix] = area
    _declared[f"{area}:read"] = _Labelled(_("%(area)s: read"), label)
    _declared[f"{area}:write"] = _Labelled(_("%(area)s: read and change"), label)


class _Labelled:
    """A scope's text, put together when shown, in the language of the reader."""

    def __init__(self, pattern: str | Promise, label: str | Promise) -> None:
        self._pattern, self._label = pattern, label

    def __str__(self) -> str:
        return str(self._pattern) % {"area": self._label}


def declared_scopes() -> dict[str, str]:
    """The scopes a token may be given, with their text in the active language."""
    return {name: str(label) for name, label in _declared.items()}


def expand_scopes(scopes: Iterable[str]) -> frozenset[str]:
    """The scopes with those they include: `x:write` includes `x:read`, `admin` every scope."""
    given = set(scopes)
    if "admin" in given:
        given |= set(_declared)
    given |= {f"{name.removesuffix(':write')}:read" for name in given if name.endswith(":write")}
    return frozenset(given)


def scope_of(method: str, path: str) -> str:
    """The token scope a call needs; empty when any token may make it."""
    first = path.removeprefix(ROOT).split("/", 1)[0]
    area = _areas.get(first)
    if area is None:
        return "admin"
    return f"{area}:{'read' if method in SAFE_METHODS else 'write'}" if area else ""


class BearerOrSession:
    """Lets in a signed-in session (with its CSRF token on changes) or a bearer token with the scope of the path.

    The middleware has already found out who asks. Raises: NotAllowed for a missing scope or CSRF token.
    """

    openapi_security_schema: Mapping[str, str] = {"type": "http", "scheme": "bearer"}

    def __call__(self, request: HttpRequest) -> Actor | None:
        actor: Actor | None = getattr(request, "actor", None)
        if actor is None:
            return None
        translation.activate(language_for(request))  # the locale middleware restores its own afterwards
        if actor.kind == "token":
            needed = scope_of(request.method or "GET", request.path)
            if needed:
                actor.require_token_scope(needed)
        elif request.method not in SAFE_METHODS and check_csrf(request) is not None:
            raise NotAllowed(_("The CSRF token is missing or too old."), code="csrf")
        return actor


authenticate = BearerOrSession()


def language_for(request: HttpRequest) -> str:
    """The language of answers: the profile's; programs may ask for another by `Accept-Language`."""
    actor: Actor | None = getattr(request, "actor", None)
    asked = request.META.get("HTTP_ACCEPT_LANGUAGE", "")  # `headers` would first read them all
    if asked and (actor is None or actor.kind == "token"):
        for part in asked.split(","):
            try:
                return translation.get_supported_language_variant(part.split(";")[0].strip().lower())
            except LookupError:
                continue
    wanted = actor.language if actor is not None else settings.LANGUAGE_CODE
    try:
        return translation.get_supported_language_variant(wanted)
    except LookupError:
        return str(settings.LANGUAGE_CODE)


# --- answers ---------------------------------------------------------------------------------------------------


class Renderer(BaseRenderer):
    """JSON by orjson: instants as RFC 3339 in UTC, decimals as strings."""

    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:
        return dump(data)


def dump(data: Any) -> bytes:
    """The JSON of plain data, models of pydantic, dates, instants, decimals and lazy texts."""
    return orjson.dumps(data, default=_plain, option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS)


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump()
    if isinstance(value, Decimal | Promise | _Labelled):
        return str(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} is not JSON")


def answer(data: Any, *, status: int = 200, version: object = None) -> HttpResponse:
    """JSON straight from plain data, past the response schema: for hot paths that know their shape."""
    response = HttpResponse(dump(data), status=status, content_type="application/json; charset=utf-8")
    if version is not None:
        response["ETag"] = etag(version)
    return response


def problem(
    request: HttpRequest,
    status: int,
    *,
    code: str,
    detail: str = "",
    errors: Sequence[Mapping[str, Any]] = (),
) -> HttpResponse:
    """An error as problem details. code: stable and never translated; errors: one entry per wrong field."""
    body: dict[str, Any] = {
        "type": f"urn:shouyue:problem:{code.replace('_', '-')}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
    }
    if detail:
        body["detail"] = detail
    if errors:
        body["errors"] = list(errors)
    response = HttpResponse(dump(body), status=status, content_type=PROBLEM_TYPE)
    response["Content-Language"] = translation.get_language() or str(settings.LANGUAGE_CODE)
    if status == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = 'Bearer realm="shouyue"'
    return response


class FieldProblem(Schema):
    """What is wrong with one value. field: its path in the request, e.g. `body.title`."""

    field: str
    detail: str
    code: str = ""


class Problem(Schema):
    """An error, RFC 9457."""

    type: str
    title: str
    status: int
    code: str
    detail: str = ""
    errors: list[FieldProblem] = []


def install(api: NinjaAPI) -> None:
    """Map every error of the API to problem details."""
    api.exception_handler(ShouyueError)(_in_language(_kernel_problem))
    api.exception_handler(ValidationError)(_in_language(_validation_problem))
    api.exception_handler(AuthenticationError)(_in_language(_unauthorised_problem))
    api.exception_handler(HttpError)(_in_language(_http_problem))
    api.exception_handler(Http404)(_in_language(_not_found_problem))
    api.exception_handler(PermissionDenied)(_in_language(_denied_problem))
    for kind in (SuspiciousOperation, MultiPartParserError):
        api.exception_handler(kind)(_in_language(_unread_problem))
    for kind in TOO_LARGE:
        api.exception_handler(kind)(_in_language(_large_problem))
    api.exception_handler(Exception)(_in_language(_unexpected_problem))


Handler = Callable[[HttpRequest, Any], HttpResponse]


def _in_language(handle: Handler) -> Handler:
    @wraps(handle)
    def handler(request: HttpRequest, error: Any) -> HttpResponse:
        with translation.override(language_for(request)):
            return handle(request, error)

    return handler


def _kernel_problem(request: HttpRequest, error: ShouyueError) -> HttpResponse:
    errors = [{"field": name, "detail": str(text)} for name, texts in error.fields.items() for text in texts]
    return problem(request, error.status, code=error.code, detail=error.message, errors=errors)


def _validation_problem(request: HttpRequest, error: ValidationError) -> HttpResponse:
    errors = [
        {
            "field": ".".join(str(part) for part in _without_argument(entry.get("loc", ()))),
            "detail": field_words.said(entry),
            "code": str(entry.get("type", "")),
        }
        for entry in error.errors
    ]
    return problem(request, 422, code="invalid", detail=Invalid().message, errors=errors)


def _without_argument(location: Sequence[Any]) -> list[Any]:
    """`("body", "data", "title")` → `["body", "title"]`: the name of the operation's argument says nothing."""
    parts = list(location)
    return [parts[0], *parts[2:]] if len(parts) > 2 and parts[0] == "body" else parts


def _unauthorised_problem(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    why: Callable[[], str] = getattr(request, "why_refused", str)
    detail = why() or gettext("Sign in, or send a valid token: Authorization: Bearer …")
    return problem(request, 401, code="unauthenticated", detail=detail)


def _http_problem(request: HttpRequest, error: HttpError) -> HttpResponse:
    unread = error.status_code == 400 and str(error.message).startswith("Cannot parse request body")
    detail = gettext("The body cannot be read: send JSON in UTF-8.") if unread else str(error.message)
    return problem(request, error.status_code, code="malformed", detail=detail)


def _not_found_problem(request: HttpRequest, error: Http404) -> HttpResponse:
    return problem(request, 404, code="not_found", detail=NotFound().message)


def _denied_problem(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
    return problem(request, 403, code="not_allowed", detail=NotAllowed().message)


def _unread_problem(request: HttpRequest, error: Exception) -> HttpResponse:
    return problem(request, 400, code="malformed", detail=gettext("The request could not be read"))


def _large_problem(request: HttpRequest, error: Exception) -> HttpResponse:
    return problem(request, 413, code="too_large", detail=str(LARGER_THAN_TAKEN))


def _unexpected_problem(request: HttpRequest, error: Exception) -> HttpResponse:
    logger.error("%s %s failed", request.method, request.path, exc_info=error)
    got_request_exception.send(sender=None, request=request)
    return problem(request, 500, code="error", detail=ShouyueError().message)


# --- lists -----------------------------------------------------------------------------------------------------


class PageQuery(BaseModel):  # a Schema would take each field for the attribute of some object
    """Query parameters of a list. cursor: `next` of the page before; limit: rows at most."""

    cursor: str = ""
    limit: int = Field(50, ge=1, le=MAX_LIMIT)


class Page(Schema, Generic[T]):
    """One page of a list. next: the cursor of the following page, null on the last one."""

    items: list[T]
    next: str | None = None


M = TypeVar("M", bound=Model)


def paged(rows: QuerySet[M], query: PageQuery, *, order: Sequence[str]) -> dict[str, Any]:
    """One page of a queryset, for `response=Page[…]`.

    order: as for `lists.keyset`: columns that are not null, the last unique. Raises: Invalid. Queries: one.
    """
    part = lists.keyset(rows, order=order, cursor=query.cursor, size=query.limit)
    return {"items": part.rows, "next": part.next_cursor or None}


# --- versions --------------------------------------------------------------------------------------------------


def etag(version: object) -> str:
    """The ETag of a record's version."""
    return f'"{version}"'


def require_match(request: HttpRequest, version: object) -> None:
    """Raises PreconditionMissing without `If-Match`, PreconditionFailed when it names another version.

    Call it with the version read under the row's lock, or hand the version on to the service that locks.
    """
    given = request.headers.get("If-Match", "").strip()
    if not given:
        raise PreconditionMissing
    tags = {tag.strip().removeprefix("W/") for tag in given.split(",")}
    if "*" not in tags and etag(version) not in tags:
        raise PreconditionFailed


# --- repetition ------------------------------------------------------------------------------------------------

KEY_PATTERN = re.compile(r"[\x21-\x7e]{1,200}")
_KEPT_HEADERS = ("ETag", "Location")


def repeatable(operation: Callable[..., Any]) -> Callable[..., Any]:
    """Let a POST with an `Idempotency-Key` be repeated: the first success is kept and answered again.

    Put it below `@router.post(…)`. The same key with another request is refused (422). Failures are not kept.
    Locks: the actor's key, so that two simultaneous calls do the work once. Queries: three more with a key.
    """
    decorated: Callable[..., Any] = decorate_view(_repeat)(operation)
    return decorated


def _repeat(run: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    @wraps(run)
    def wrapper(request: HttpRequest, **arguments: Any) -> HttpResponse:
        key = request.headers.get("Idempotency-Key", "")
        actor: Actor | None = getattr(request, "actor", None)
        if not key or actor is None:
            return run(request, **arguments)
        fingerprint = _fingerprint(request)
        with translation.override(language_for(request)):
            try:
                authenticate(request)
                kept = _kept_answer(actor, key, fingerprint)
            except ShouyueError as error:
                return _kernel_problem(request, error)
        if kept is not None:
            return kept
        response = run(request, **arguments)
        if 200 <= response.status_code < 300:
            _keep_answer(actor, key, fingerprint, response)
        return response

    return wrapper


def _kept_answer(actor: Actor, key: str, fingerprint: str) -> HttpResponse | None:
    if not KEY_PATTERN.fullmatch(key):
        raise Invalid(_("An Idempotency-Key has 1 to 200 visible ASCII characters."), code="idempotency_key")
    locks.hold(f"idempotency:{actor.ref}:{key}")
    kept = KeptAnswer.objects.filter(actor=actor.ref, key=key).first()
    if kept is None:
        return None
    if kept.fingerprint != fingerprint:
        raise Invalid(_("This Idempotency-Key was used for another request."), code="idempotency_key_reused")
    stored = orjson.loads(kept.body)
    response = HttpResponse(
        stored["body"], status=kept.status, content_type=stored["type"], headers=stored["headers"]
    )
    response["Idempotency-Replayed"] = "true"
    return response


def _keep_answer(actor: Actor, key: str, fingerprint: str, response: HttpResponse) -> None:
    headers = {name: response[name] for name in _KEPT_HEADERS if name in response}
    body = {"body": response.content.decode(), "type": response["Content-Type"], "headers": headers}
    KeptAnswer.objects.create(
        actor=actor.ref,
        key=key,
        fingerprint=fingerprint,
        status=response.status_code,
        body=orjson.dumps(body).decode(),
        created_at=clock.now(),
    )


def _fingerprint(request: HttpRequest) -> str:
    digest = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    if request.content_type == "multipart/form-data":  # an upload is not read into memory for this
        digest.update(request.headers.get("Content-Length", "").encode())
    else:
        digest.update(request.body)
    return digest.hexdigest()


# --- description -----------------------------------------------------------------------------------------------


def document(api: NinjaAPI) -> dict[str, Any]:
    """The OpenAPI 3.1 description, with the problem details every operation may answer."""
    schema: dict[str, Any] = orjson.loads(dump(api.get_openapi_schema(path_prefix=ROOT)))
    components = schema.setdefault("components", {}).setdefault("schemas", {})
    found = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    components.update(found.pop("$defs", {}))
    components["Problem"] = found
    failure = {
        "description": "Problem details (RFC 9457)",
        "content": {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for operations in schema.get("paths", {}).values():
        for operation in operations.values():
            if isinstance(operation, dict):
                operation.setdefault("responses", {})["default"] = failure
    return schema
