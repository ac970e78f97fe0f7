"""`shouyue plan …` where contracts are named: explain, diff, apply and replay, with a database."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection

from shouyue.cli.main import main
from shouyue.commitments.models import Obligation
from shouyue.contracts.models import Contract, PlanVersion
from shouyue.contracts.planning.services import propose_plan
from shouyue.contracts.services import change_contract
from shouyue.contracts.tests.factories import PLAN, make_contract, reach
from shouyue.kernel import clock, events
from shouyue.kernel.actor import SYSTEM
from shouyue.kernel.models import Event

pytestmark = pytest.mark.django_db
STRICT = PLAN.replace("within: 8 h", "within: 3 h")
TODAY = clock.today("Asia/Shanghai")


@pytest.fixture
def contract() -> Contract:
    return make_contract(code="GB")


@pytest.fixture
def strict(tmp_path: Path) -> str:
    path = tmp_path / "strict.yaml"
    path.write_text(STRICT, encoding="utf-8")
    return str(path)


def run(*arguments: str) -> int:
    return main(["plan", *arguments, "--language", "en"])


def answer(monkeypatch: pytest.MonkeyPatch, text: str) -> list[str]:
    """What is typed when asked; the questions come back."""
    asked: list[str] = []
    monkeypatch.setattr("builtins.input", lambda question: asked.append(question) or text)
    return asked


def version_of(contract: Contract) -> int:
    contract.refresh_from_db()
    return contract.plan_version.number


def happen(contract: Contract, case: int, verb: str, hours_ago: float) -> None:
    events.record(
        verb,
        actor=SYSTEM,
        subject=("ticket", case),
        case=("ticket", case),
        customer_id=contract.customer_id,
        contract_id=contract.pk,
        facts={"request_type": "incident"},
        occurred_at=clock.now() - timedelta(hours=hours_ago),
    )


def test_a_contract_is_explained_and_compared_by_its_code(contract, strict, capsys):
    assert run("explain", "GB", "resolve") == 0
    assert "8 hours" in capsys.readouterr().out
    assert run("diff", "GB", strict) == 1
    assert "~ commitment resolve: within" in capsys.readouterr().out
    assert run("diff", "GB", "GB") == 0
    assert run("explain", "NONE") == 1
    assert "neither a file nor a contract NONE" in capsys.readouterr().err


def test_apply_without_a_contract_only_stores(contract, strict, capsys):
    assert run("apply", strict) == 0
    assert "small-office: version 2 (" in capsys.readouterr().out
    assert (version_of(contract), PlanVersion.objects.count()) == (1, 2)
    assert run("apply", strict) == 0
    assert PlanVersion.objects.count() == 2


def test_apply_shows_what_changes_and_asks(contract, strict, monkeypatch, capsys):
    asked = answer(monkeypatch, "no")
    assert run("apply", strict, "--contract", "GB") == 1
    shown = capsys.readouterr().out
    assert asked == ["Apply this to GB? Type yes: "]
    assert "~ commitment resolve: within" in shown
    assert "Nothing is stored or applied." in shown
    assert (version_of(contract), PlanVersion.objects.count()) == (1, 1)
    answer(monkeypatch, "yes")
    assert run("apply", strict, "--contract", "GB") == 0
    assert "GB runs by version 2." in capsys.readouterr().out
    assert version_of(contract) == 2
    pinned = Event.objects.filter(contract_id=contract.pk, verb="contract.plan_applied").latest("id")
    assert pinned.actor == SYSTEM.ref


def test_apply_asks_nothing_when_told_so_or_when_nothing_changes(contract, strict, monkeypatch, capsys):
    asked = answer(monkeypatch, "no")
    assert run("apply", strict, "--contract", "GB", "--yes") == 0
    capsys.readouterr()
    assert run("apply", strict, "--contract", "GB") == 0
    assert "Nothing changes." in capsys.readouterr().out
    assert (asked, version_of(contract)) == ([], 2)


def test_apply_to_an_unknown_contract_stores_nothing(contract, strict, capsys):
    assert run("apply", strict, "--contract", "NONE", "--yes") == 1
    assert capsys.readouterr().err == "shouyue: NONE: There is no contract of this code.\n"
    assert PlanVersion.objects.count() == 1


def test_apply_refuses_the_plan_of_another_contract(contract, tmp_path, capsys):
    path = tmp_path / "other.yaml"
    path.write_text(PLAN.replace("plan: small-office", "plan: big-office"), encoding="utf-8")
    assert run("apply", str(path), "--contract", "GB", "--yes") == 1
    assert "GB runs by the plan small-office, but" in capsys.readouterr().err
    assert (version_of(contract), PlanVersion.objects.count()) == (1, 1)


def test_apply_says_that_nobody_answers(contract, strict, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert run("apply", strict, "--contract", "GB") == 1
    assert "give --yes" in capsys.readouterr().err
    assert (version_of(contract), PlanVersion.objects.count()) == (1, 1)


def test_apply_holds_no_transaction_while_it_asks(contract, strict, monkeypatch):
    """Who hesitates keeps nobody waiting; what was changed meanwhile is not overwritten."""
    depth = len(connection.savepoint_ids)

    def meanwhile(_question: str) -> str:
        assert len(connection.savepoint_ids) == depth
        change_contract(actor=SYSTEM, contract_id=contract.pk, desk_phone="12345")
        return "yes"

    monkeypatch.setattr("builtins.input", meanwhile)
    assert run("apply", strict, "--contract", "GB") == 1
    assert version_of(contract) == 1


def test_apply_says_in_the_language_asked_for_why_stages_would_overlap(contract, tmp_path, capsys):
    reach(contract, "final-acceptance", TODAY)
    path = tmp_path / "overlap.yaml"
    path.write_text(PLAN.replace("until: final-acceptance", "until: warranty.end"), encoding="utf-8")
    assert main(["plan", "apply", str(path), "--contract", "GB", "--yes", "--language", "zh"]) == 1
    shown = capsys.readouterr().err
    assert "两个阶段将在" in shown
    assert f"{TODAY}" in shown
    assert PlanVersion.objects.count() == 1


def test_apply_tells_what_becomes_of_the_open_obligations_of_a_promise_that_goes(contract, tmp_path, capsys):
    happen(contract, 1, "ticket.reported", 1)
    path = tmp_path / "fewer.yaml"
    path.write_text(PLAN[: PLAN.index("  resolve:")], encoding="utf-8")
    assert run("apply", str(path), "--contract", "GB", "--yes") == 0
    shown = capsys.readouterr().out
    assert "- commitment resolve" in shown
    assert "! open obligations of resolve that run on under version 1: 1" in shown


def test_apply_tells_of_a_proposal_under_way(contract, strict, tmp_path, capsys):
    path = tmp_path / "proposed.yaml"
    path.write_text(PLAN.replace("within: 8 h", "within: 5 h"), encoding="utf-8")
    propose_plan(actor=SYSTEM, contract_id=contract.pk, text=path.read_text(encoding="utf-8"))
    assert run("apply", strict, "--contract", "GB", "--yes") == 0
    assert "! version 2 is proposed and still open" in capsys.readouterr().out


def test_apply_refuses_a_file_with_errors(contract, tmp_path, capsys):
    path = tmp_path / "broken.yaml"
    path.write_text(PLAN.replace("ticket.responded", "ticket.respondd"), encoding="utf-8")
    assert run("apply", str(path), "--contract", "GB", "--yes") == 1
    shown = capsys.readouterr().err
    assert "error: commitments.respond.kept_by" in shown
    assert f"{path} has errors." in shown
    assert (version_of(contract), PlanVersion.objects.count()) == (1, 1)


def test_a_holiday_table_nobody_keeps_is_named_with_its_place_in_the_file(contract, tmp_path, capsys):
    path = tmp_path / "table.yaml"
    path.write_text(PLAN.replace("holidays: CN", "holidays: CNN"), encoding="utf-8")
    assert run("apply", str(path), "--contract", "GB", "--yes") == 1
    shown = capsys.readouterr().err
    assert f"{path}:7:" in shown
    assert "“CN”" in shown
    assert PlanVersion.objects.count() == 1


def test_replay_counts_under_both_plans_and_writes_nothing(contract, strict, capsys):
    happen(contract, 1, "ticket.reported", 40)
    happen(contract, 1, "ticket.resolved", 35)
    before = (Event.objects.count(), Obligation.objects.count())
    span = ("--from", str(TODAY - timedelta(days=9)), "--to", str(TODAY))
    assert run("replay", "GB", strict, *span) == 0
    shown = capsys.readouterr().out
    (resolve,) = [line for line in shown.splitlines() if " resolve: " in line]
    assert resolve.split()[:9] == ["1", ">", "0", "0", ">", "1", "0", ">", "0"]
    assert "1 cases, " in shown
    assert (Event.objects.count(), Obligation.objects.count()) == before
    assert (version_of(contract), PlanVersion.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("code", "days"), [("NONE", (9, 0)), ("GB", (0, 9))], ids=["unknown contract", "backwards"]
)
def test_replay_refuses_in_one_sentence(contract, strict, capsys, code, days):
    first, last = (str(TODAY - timedelta(days=ago)) for ago in days)
    assert run("replay", code, strict, "--from", first, "--to", last) == 1
    shown = capsys.readouterr().err
    assert shown.startswith(f"shouyue: {code}: ")
    assert "Some values are not valid" not in shown
    assert "Traceback" not in shown


def test_coverage_and_vocabulary_are_printed_for_people(capsys):
    assert run("coverage", "--rows") == 0
    shown = capsys.readouterr().out
    assert shown.splitlines()[0].split() == [
        "plan",
        "promises",
        "stated",
        "executable",
        "not",
        "executable",
        "unset",
    ]
    assert shown.splitlines()[-1].split()[:3] == ["total", "267", "267"]
    assert "  executable" in shown
    assert main(["vocabulary", "--language", "en"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("verbs:\n")
    assert "scale zone: urban, outer" in shown
