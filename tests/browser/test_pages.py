"""Every page a person can reach from the navigation, in both languages and widths: axe-core, words, overflow."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .walk import Walker

ROLES = (
    "agent",
    "manager",
    "project",
    "engineer",
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
        "/portal/contracts/GB/",
        "/promises/GB/",
    ],
    "supervision": ["/portal/contracts/GB/", "/portal/requests/{accepted}/", "/promises/GB/"],
    "secadmin": ["/users/create/", "/users/1/"],
    "sysadmin": ["/users/1/"],
}
"""Main pages that the navigation does not name, by who uses them."""

QUOTES_PEOPLE = {"/deliveries/", "/contracts/GB/plan/", "/styleguide/"}
"""Show texts in the language of their reader, the words of plan files, or samples."""


@pytest.fixture(scope="module")
def walker(stack) -> Iterator[Walker]:
    opened = Walker(stack.url, stack.cast["password"])
    yield opened
    opened.close()


@pytest.mark.parametrize("role", ROLES)
def test_pages_are_sound(walker, stack, role):
    cast = stack.cast
    more = {
        language: [path.format(**cast["tickets"], visit=visit) for path in MORE.get(role, [])]
        for language, visit in cast["visits"].items()
    }
    walked = walker.walk(role, more, QUOTES_PEOPLE)
    faults = [(language, *fault) for language, one in walked.items() for fault in one.faults]
    assert all(len(one.paths) >= 3 for one in walked.values()), walked
    assert not faults, "\n".join(map(str, faults))
