"""Every page and every operation of the API, asked by one customer's people for another customer's records."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, ProgrammingError, connection, transaction
from django.db.models import Model

from shouyue.kernel import jobs
from shouyue.kernel.models import Event
from shouyue.kernel.scope import NOTHING, Scope, acting_in
from shouyue.tickets.models import Ticket

from .routes import operations, pages, path_of, paths_of
from .twins import Twin, make_twins

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_storage")]
PEOPLE = ("leader", "it_contact", "end_user", "supervision", "engineer", "manager")
STRONGEST = ("leader", "manager")
"""Who may do most, of the customer's people and of the provider's who serve one contract."""
REFUSED = {403, 404, 405}
NOWHERE = {
    "number": "TWZ-2026-1",
    "signoff_number": "TWZ-S-1",
    "code": "TWZ",
    "key": "customer:999999",
    "commitment": "respond",
    "month": "2026-09",
    "day": "2026-10-01",
}


@pytest.fixture
def twins() -> tuple[Twin, Twin]:
    return make_twins()


def body(response: Any) -> str:
    data = b"".join(response.streaming_content) if response.streaming else response.content
    return data.decode("utf-8", "replace")


def nowhere() -> dict[str, Any]:
    """Ids of the same shape that belong to nobody."""

    class Missing(dict[str, Any]):
        def __missing__(self, key: str) -> int:
            return 999_999_999

        def get(self, key: str, default: Any = None) -> Any:
            return self[key]

    return Missing(NOWHERE)


@pytest.mark.parametrize("person", PEOPLE)
def test_no_page_shows_the_other_customer(twins, person):
    own, other = twins
    browser = own.browser(person)
    leaks, answered = [], 0
    for route in pages():
        if route.view == "accounts:sign_out":
            continue
        asked, missing = paths_of(route, other.ids), paths_of(route, nowhere())
        for path, unknown in zip(asked, missing, strict=True):
            response = browser.get(path)
            if other.mark in body(response):
                leaks.append(f"GET {path}: shows the other's data")
            if not (set(route.names) & set(other.ids)):
                answered += response.status_code == 200
            elif response.status_code not in REFUSED:
                leaks.append(f"GET {path}: {response.status_code}")
            elif response.status_code != browser.get(unknown).status_code:
                leaks.append(f"GET {path}: answers otherwise than for what does not exist")
    assert leaks == []
    assert answered >= 8


@pytest.mark.parametrize("person", PEOPLE)
def test_own_pages_answer(twins, person):
    """The walk itself: the same routes with one's own ids do answer, so a refusal above means something."""
    own, _other = twins
    browser = own.browser(person)
    statuses = {}
    for route in pages():
        if route.names and route.view != "accounts:sign_out":
            for path in paths_of(route, own.ids):
                response = browser.get(path)
                statuses[path] = response.status_code
                body(response)
    assert not [path for path, status in statuses.items() if status >= 500]
    assert sum(status == 200 for status in statuses.values()) >= 8


@pytest.mark.parametrize("person", STRONGEST)
def test_no_form_reaches_the_other_customer(twins, person):
    own, other = twins
    browser = own.browser(person)
    before = Event.objects.filter(customer_id=other.contract.customer_id).count()
    leaks = []
    for route in pages():
        if not set(route.names) & set(other.ids):
            continue
        for path in paths_of(route, other.ids):
            response = browser.post(path, {"text": "x", "reason": "x", "title": "x", "version": 1})
            if other.mark in body(response) or response.status_code not in REFUSED:
                leaks.append(f"POST {path}: {response.status_code}")
    assert leaks == []
    assert Event.objects.filter(customer_id=other.contract.customer_id).count() == before
    assert Ticket.objects.get(pk=other.ticket.pk).version == other.ticket.version


@pytest.mark.parametrize("person", STRONGEST)
def test_no_operation_of_the_api_reaches_the_other_customer(twins, person):
    own, other = twins
    browser = own.browser(person)
    before = Event.objects.filter(customer_id=other.contract.customer_id).count()
    leaks = []
    for operation in operations():
        path, unknown = path_of(operation, other.ids), path_of(operation, nowhere())
        if path is None:
            continue
        response = _ask(browser, operation.method, path)
        text = body(response)
        if other.mark in text:
            leaks.append(f"{operation.method} {path}: shows the other's data")
        if not operation.is_bound:
            continue
        if response.status_code not in {*REFUSED, 422, 428}:
            leaks.append(f"{operation.method} {path}: {response.status_code}")
        missing = _ask(browser, operation.method, unknown)
        if (response.status_code, text) != (missing.status_code, body(missing)):
            leaks.append(f"{operation.method} {path}: tells that the record exists")
    assert leaks == []
    assert Event.objects.filter(customer_id=other.contract.customer_id).count() == before


def _ask(browser: Any, method: str, path: str) -> Any:
    if method == "get":
        return browser.get(path)
    return getattr(browser, method)(path, json.dumps({}), content_type="application/json")


@pytest.mark.parametrize("person", STRONGEST)
def test_filters_and_searches_find_nothing_of_the_other(twins, person):
    own, other = twins
    browser = own.browser(person)
    words = {
        "q": "bravomark",
        "text": "bravomark",
        "phone": "13800138000",
        "contract": str(other.contract.pk),
        "contract_id": str(other.contract.pk),
        "customer": str(other.contract.customer_id),
        "customer_id": str(other.contract.customer_id),
        "caller": "13800138000",
        "engineer": str(other.visit.engineer_id),
        "site": str(other.ids["site_id"]),
        "site_id": str(other.ids["site_id"]),
        "requester_id": str(other.contact.pk),
    }
    plain = [route.path for route in pages() if not route.names and route.view != "accounts:sign_out"]
    plain += [o.path for o in operations() if o.method == "get" and not o.is_bound]
    leaks = []
    for path in plain:
        for name, value in words.items():
            if other.mark in body(browser.get(path, {"status": "all", "state": "all", name: value})):
                leaks.append(f"{path}?{name}={value}")
    assert leaks == []


def test_bearer_tokens_stop_at_the_wall(twins, client):
    from datetime import timedelta

    from shouyue.accounts import services
    from shouyue.kernel import clock

    own, other = twins
    secret = services.create_token(
        actor=own.people["leader"],
        name="walk",
        scopes=["tickets:read"],
        expires_at=clock.now() + timedelta(days=1),
    ).secret
    headers = {"Authorization": f"Bearer {secret}"}
    assert own.mark in body(client.get(f"/api/tickets/{own.ticket.number}/", headers=headers))
    for operation in operations():
        path = path_of(operation, other.ids)
        if path is not None and operation.method == "get":
            response = client.get(path, headers=headers)
            assert other.mark not in body(response), path
            assert not operation.is_bound or response.status_code in REFUSED, path


NOT_WALLED = {"accounts.User"}
"""Names of staff stand on every customer's pages, and signing in comes before any scope: the first wall alone."""


def walled_models() -> list[type[Model]]:
    """Every model whose rows belong to a customer."""
    return [
        model
        for model in apps.get_models()
        if model.__module__.startswith("shouyue.")
        and any(column.column == "customer_id" for column in model._meta.fields)
        and model._meta.label not in NOT_WALLED
    ]


def test_every_table_of_a_customer_hides_its_rows(twins):
    """In a shell or job under the role of one customer, without any filter."""
    own, _other = twins
    seen = {}
    for model in walled_models():
        with acting_in(Scope(customers=frozenset({own.contract.customer_id}))):
            seen[model._meta.label] = set(model._base_manager.values_list("customer_id", flat=True))
        with acting_in(NOTHING):
            assert not model._base_manager.exists(), model._meta.label
    assert len(seen) > 12
    strangers = {label: found - {own.contract.customer_id} for label, found in seen.items()}
    assert {label: found for label, found in strangers.items() if found} == {}


def test_tables_stay_hidden_from_plain_sql(twins):
    own, _other = twins
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' "
            "AND column_name = 'customer_id' AND table_name <> 'accounts_user' ORDER BY 1"
        )
        tables = [row[0] for row in cursor.fetchall()]
    assert len(tables) > 12
    for table in tables:
        assert _customers_in(table, own.contract.customer_id) <= {own.contract.customer_id}, table


def _customers_in(table: str, customer_id: int) -> set[int]:
    """The customers whose rows one customer's role finds; none when it may not read the table at all (partitions)."""
    try:
        with (
            transaction.atomic(),
            acting_in(Scope(customers=frozenset({customer_id}))),
            connection.cursor() as cursor,
        ):
            cursor.execute(f'SELECT DISTINCT customer_id FROM "{table}"')
            return {row[0] for row in cursor.fetchall()}
    except ProgrammingError:
        return set()


def test_references_between_customers_are_refused_by_every_table(twins):
    """Foreign-key checks bypass row-level security: each reference must carry the customer with it."""
    own, other = twins
    scope = Scope(customers=frozenset({own.contract.customer_id}))
    tried, crossed = set(), []
    for model in walled_models():
        row = model._base_manager.filter(customer_id=own.contract.customer_id).first()
        foreign = model._base_manager.filter(customer_id=other.contract.customer_id).first()
        if row is None or foreign is None:
            continue
        for reference in model._meta.fields:
            target = reference.related_model
            if target is None or reference.column == "customer_id" or target not in walled_models():
                continue
            stranger = target._base_manager.filter(customer_id=other.contract.customer_id).first()
            if stranger is None:
                continue
            name = f"{model._meta.label}.{reference.name}"
            tried.add(name)
            try:
                with transaction.atomic(), acting_in(scope):
                    model._base_manager.filter(pk=row.pk).update(**{reference.attname: stranger.pk})
                    connection.check_constraints()
            except DatabaseError:
                continue
            crossed.append(name)
    assert crossed == []
    assert len(tried) >= 10, sorted(tried)


def test_a_job_sees_what_its_scope_allows(twins):
    own, other = twins
    seen: list[str] = []

    @jobs.task("tests.walk")
    def walk(customer: int) -> None:
        with acting_in(Scope(customers=frozenset({customer}))):
            seen.extend(Ticket.objects.values_list("title", flat=True))

    walk.run(customer=own.contract.customer_id)
    assert seen == [own.ticket.title]
    assert other.mark not in seen[0]
