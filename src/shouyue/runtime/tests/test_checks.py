from pathlib import Path

import pytest

from shouyue.runtime import checks, database
from shouyue.runtime.errors import Problem


@pytest.fixture(autouse=True)
def empty_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "_checks", {})


def problem() -> checks.Finding:
    raise Problem("The cable is out: plug it in.")


def fault() -> checks.Finding:
    raise KeyError("x")


def test_results_come_in_order_and_a_fault_stops_no_other() -> None:
    checks.register("one", lambda: checks.ok("Fine."))
    checks.register("two", problem)
    checks.register("three", fault)
    checks.register("four", lambda: checks.warning("Look."))
    assert checks.run_all() == [
        checks.Result("one", "ok", "Fine."),
        checks.Result("two", "error", "The cable is out: plug it in."),
        checks.Result("three", "error", "The check failed: 'x'."),
        checks.Result("four", "warning", "Look."),
    ]


def test_own_checks_pass_on_an_embedded_server(home: Path) -> None:
    checks.register_own(home, database.ensure(home))
    results = checks.run_all()
    assert [result.name for result in results] == ["home", "database", "roles", "clock"]
    assert {result.level for result in results[1:]} == {"ok"}


def test_administrator_as_app_is_an_error(home: Path) -> None:
    urls = database.ensure(home)
    assert checks.check_roles(urls.admin).level == "error"


def test_a_check_may_register_another(monkeypatch):
    monkeypatch.setattr(checks, "_checks", {})
    checks.register("first", lambda: checks.register("second", lambda: checks.ok("two")) or checks.ok("one"))
    assert [result.text for result in checks.run_all()] == ["one", "two"]


def test_a_finding_keeps_its_message_for_translation() -> None:
    checks.register("one", lambda: checks.warning("%(count)d are left.", count=3))
    checks.register("two", problem)
    filled, quoted = checks.run_all()
    assert (filled.text, filled.message, filled.values) == (
        "3 are left.",
        "%(count)d are left.",
        {"count": 3},
    )
    assert (quoted.text, quoted.message) == ("The cable is out: plug it in.", "")
