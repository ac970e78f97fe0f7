"""What the sources must not do, by reading them."""

from __future__ import annotations

import re
import tomllib

from .sources import PACKAGE, ROOT, attributes, literals, name, python_files

READ_ELSEWHERE = {
    "kernel/verification.py": "reads the chain itself",
    "kernel/tasks.py": "clears what has expired",
    "web/rest.py": "answers kept for repeated requests",
    "accounts/sessions.py": "Django's interface for session stores",
    "calendars/loading.py": "turns stored calendars into rules",
    "notifications/tasks.py": "clears what has expired",
    "signoff/models.py": "who sees a sign-off follows from those it asks",
    "tickets/access.py": "who may read a file follows from the ticket it hangs on",
    "tickets/cases.py": "answers what lower modules ask about cases",
}
"""Files that use a manager though they are neither queries nor services, and why."""

KEEPS_TIME = {
    "kernel/clock.py": "the clock itself",
    "runtime/checks.py": "compares the machine's clock with the database's",
    "cli/application_checks.py": "looks at the heartbeat of real workers",
}
WRONG_CLOCK = re.compile(r"(^|\.)(timezone\.now|datetime\.now|datetime\.utcnow|datetime\.today|date\.today)$")
SQL_CLOCK = re.compile(
    r"\bnow\(\)|\bCURRENT_(TIMESTAMP|DATE|TIME)\b|\b(clock|statement|transaction)_timestamp\(\)",
    re.IGNORECASE,
)
MOST_LINES = 600


def _may_query(path: str) -> bool:
    parts = path.removesuffix(".py").split("/")
    return bool({"queries", "services"} & set(parts)) or path in READ_ELSEWHERE


def test_managers_are_used_in_queries_and_services_only():
    found = [
        f"{name(path)}:{line}: {text}"
        for path in python_files()
        if not _may_query(name(path))
        for line, text in attributes(path)
        if text.endswith(".objects")
    ]
    assert found == []


def test_no_exception_is_kept_without_need():
    for path in READ_ELSEWHERE:
        assert any(text.endswith(".objects") for _line, text in attributes(PACKAGE / path)), path


def test_domain_code_asks_the_kernel_what_time_it_is():
    found = []
    for path in python_files():
        if name(path) in KEEPS_TIME:
            continue
        found += [f"{name(path)}:{n}: {text}" for n, text in attributes(path) if WRONG_CLOCK.search(text)]
        found += [f"{name(path)}:{n}: {text[:80]}" for n, text in literals(path) if SQL_CLOCK.search(text)]
    assert found == []


def test_no_file_is_too_long():
    found = []
    for path in python_files():
        lines = len(path.read_text("utf-8").splitlines())
        if lines > MOST_LINES:
            found.append(f"{name(path)}: {lines} lines")
    assert found == []


def test_names_of_catch_all_files_are_not_used():
    banned = {"utils", "helpers", "common", "misc", "signals", "managers"}
    assert [name(path) for path in python_files() if path.stem in banned] == []


def test_every_module_is_on_the_map_and_on_the_ladder():
    modules = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    text = (ROOT / "docs" / "map.md").read_text("utf-8")
    on_map = re.findall(r"^\| `(\w+)` \|", text, flags=re.MULTILINE)
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    ladder = [module.strip() for layer in contracts[0]["layers"] for module in layer.split("|")]
    assert set(on_map) == modules
    assert on_map == ladder, "the map lists the modules in the order of the ladder"


def test_every_module_says_what_it_owns():
    silent = [
        path.parent.name
        for path in PACKAGE.glob("*/__init__.py")
        if not path.read_text("utf-8").lstrip().startswith('"""')
    ]
    assert silent == []


def test_every_module_with_tables_or_pages_is_installed():
    from django.conf import settings

    having = {path.parent.name for path in PACKAGE.glob("*/apps.py")}
    assert {module.removeprefix("shouyue.") for module in settings.MODULES} == having


def test_documents_are_linked_to_files_that_exist():
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    broken = []
    for page in pages:
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
            plain = target.split("#")[0]
            if plain and "://" not in plain and not (page.parent / plain).exists():
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    assert broken == []
