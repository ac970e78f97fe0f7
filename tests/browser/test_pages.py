"""Every page a person can reach from the navigation, in both languages and widths: axe-core, words, overflow."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import pytest
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, resolve, reverse

from shouyue.web import navigation

from .walk import Walker

ROLES = (
    "agent",
    "dispatcher",
    "manager",
    "hq",
    "quality",
    "project",
    "engineer",
    "resident",
    "customer",
    "supervision",
    "auditor",
    "sysadmin",
    "secadmin",
)
MORE = {
    "agent": [
        "/tickets/{accepted}/",
        "/tickets/{resolved}/",
        "/tickets/{new}/edit/",
        "/tickets/{new}/assign/",
        "/tickets/{accepted}/visits/dispatch/",
        "/tickets/{accepted}/resolve/",
        "/desk/?due=overdue",
        "/contracts/GB/",
        "/contracts/GB/promises/",
        "/promises/GB/",
        "/customers/1/",
        "/profile/sessions/",
        "/profile/tokens/",
    ],
    "manager": [
        "/contracts/GB/edit/",
        "/contracts/GB/drafts/new/",
        "/promises/GB/trend/respond/",
        "/promises/GB/evidence/of/respond/",
        "/promises/GB/evidence/",
        "/promises/GB/periods/",
        "/promises/GB/score/",
        "/promises/GB/replay/",
        "/promises/heat/",
        "/promises/calendar/",
        "/obligations/{settled}/",
        "/obligations/{settled}/evidence/",
        "/calendars/plain:five-by-eight/?start=2026-02-12T10:25&target=875%20min",
        "/calendars/table:CN/days/",
        "/calendars/table:CN/versions/",
        "/calendars/table:CN/change/",
        "/calendars/table:CN/import/",
        "/calendars/create/",
        "/calendars/create-table/",
        "/customers/create/",
        "/customers/1/change/",
        "/customers/1/contacts/",
        "/customers/1/contacts/create/",
        "/customers/1/sites/create/",
        "/sites/1/change/",
        "/contacts/1/change/",
        "/units/create/",
        "/vendors/create/",
        "/signoffs/waiting/",
        "/delegations/",
        "/contracts/GB/versions/1/",
        "/contracts/new/",
        "/calendars/table:CN/",
    ],
    "project": [
        "/contracts/GB/members/",
        "/contracts/GB/milestones/",
        "/contracts/GB/plan/",
    ],
    "engineer": ["/visits/{visit}/", "/visits/{visit}/arrive/", "/tickets/{visited}/"],
    "customer": [
        "/portal/report/",
        "/portal/requests/{resolved}/",
        "/portal/requests/{new}/",
        "/obligations/{settled}/evidence/",
        "/obligations/{settled}/dispute/",
        "/portal/contracts/GB/",
        "/promises/GB/",
    ],
    "supervision": ["/portal/contracts/GB/", "/portal/requests/{accepted}/", "/promises/GB/"],
    "secadmin": ["/users/create/", "/users/1/"],
    "sysadmin": ["/users/1/"],
}
"""Main pages that the navigation does not name, by who uses them."""

QUOTES_PEOPLE = {
    "/deliveries/",
    "/contracts/GB/plan/",
    "/styleguide/",
    "/calendars/table:CN/import/",
    "/promises/calendar/",
}
"""Show texts in the language of their reader, the words of plan files, of calendar files, of addresses, or samples."""


FETCHED = ("api/", "offline-worker.js", "now/", "files/")
"""Read by programs, no pages."""

NOT_WALKED = {
    "": "leads to the start page of whoever asks",
    "tickets/": "leads to the queue",
    "styleguide/<str:name>/": "parts of the page of samples",
    "offline/": "kept by the phone, drawn without a network",
    "demo/": "only while the demonstration is prepared",
    "sign-in/": "the walk begins there",
    "notices/<int:notice_id>/": "needs a digest",
    "notices/<int:notice_id>/hand-on/": "needs an escalation",
    "channels/<int:gateway_id>/": "needs a gateway",
    "channels/<int:gateway_id>/receipts/": "needs a gateway",
    "channels/create/": "needs the kind of gateway",
    "deliveries/<int:notice_id>/": "quotes a notice in its reader's language",
    "contacts/<int:contact_id>/told/": "needs a contact without account",
    "told/<str:token>/": "needs a link",
    "units/<int:unit_id>/change/": "the form of a new unit",
    "vendors/<int:vendor_id>/change/": "the form of a new vendor",
    "contracts/<str:code>/people/": "options of a field",
    "contracts/<str:code>/drafts/<int:draft_id>/": "needs a draft",
    "contracts/<str:code>/drafts/<int:draft_id>/compare/": "needs a draft",
    "contracts/<str:code>/proposals/<int:proposal_id>/": "needs a proposal",
    "signoffs/ask/": "needs what it is about",
    "signoffs/<str:number>/": "needs a sign-off",
    "signoffs/<str:number>/print/": "needs a sign-off",
    "signoffs/<str:number>/document/": "a file",
    "answer/done/": "needs an answer by link",
    "answer/<str:token>/": "needs a link",
    "answer/<str:token>/document/": "a file",
    "obligations/<int:obligation_id>/attest/": "needs an obligation to vouch for",
    "obligations/<int:obligation_id>/correct/": "needs a quota",
    "obligations/<int:obligation_id>/waive/": "needs a missed obligation",
    "objections/<int:objection_id>/": "needs an objection",
    "replays/<int:replay_id>/": "needs a replay",
    "periods/<int:closing_id>/": "needs a closed period",
    "evidence/<int:pack_id>/": "needs a pack",
    "tickets/<str:number>/charge/<slug:name>/": "needs an entitlement that speaks to the ticket",
}
"""Pages that need more than the cast has lived through, by what they lack."""


@pytest.fixture(scope="module")
def walker(stack) -> Iterator[Walker]:
    opened = Walker(stack.url, stack.cast["password"])
    yield opened
    opened.close()


@pytest.mark.parametrize("role", ROLES)
def test_pages_are_sound(walker, stack, role):
    cast = stack.cast
    more = {
        language: [
            path.format(**cast["tickets"], visit=visit, settled=cast["settled"])
            for path in MORE.get(role, [])
        ]
        for language, visit in cast["visits"].items()
    }
    walked = walker.walk(role, more, QUOTES_PEOPLE)
    faults = [(language, *fault) for language, one in walked.items() for fault in one.faults]
    assert all(len(one.paths) >= 3 for one in walked.values()), walked
    assert not faults, "\n".join(map(str, faults))


def test_every_page_is_walked_or_has_a_reason():
    samples = {"settled": 1, "visit": 1} | dict.fromkeys(
        ("new", "accepted", "waiting", "visited", "resolved"), "GB-1"
    )
    paths = [path.format(**samples).partition("?")[0] for more in MORE.values() for path in more]
    for item in navigation.all_items():
        try:
            paths.append(reverse(item.url_name))
        except NoReverseMatch:
            continue
    walked = {resolve(path).route for path in paths}
    pages = set(_pages(get_resolver().url_patterns, ""))
    assert pages - walked - set(NOT_WALKED) == set()
    assert set(NOT_WALKED) & walked == set()
    assert set(NOT_WALKED) - pages == set()


def _pages(patterns: list[URLPattern | URLResolver], before: str) -> Iterator[str]:
    """The routes that people may open: neither fetched by programs, nor forms' targets, nor files."""
    for one in patterns:
        route = before + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from _pages(one.url_patterns, route)
        elif not route.startswith(FETCHED) and not _is_part(route) and "GET" in _methods(one.callback):
            yield route


def _is_part(route: str) -> bool:
    return route.endswith((".csv", ".ics", ".yaml", "<slug:form>", "/pulse/", "/export/"))


def _methods(view: object) -> list[str]:
    """What the decorators of a view let through; GET where they say nothing."""
    while callable(view):
        found = inspect.getclosurevars(view).nonlocals.get("request_method_list")
        if found is not None:
            return list(found)
        view = getattr(view, "__wrapped__", None)
    return ["GET"]
