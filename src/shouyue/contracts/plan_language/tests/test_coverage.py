import json

from shouyue.contracts.plan_language.check_files import main
from shouyue.contracts.plan_language.coverage import as_json, coverage_of
from shouyue.contracts.plan_language.parse import parse_text
from shouyue.contracts.plan_language.tests.examples import plan_text, release_vocabulary

VOCABULARY = release_vocabulary()
PLAN = """
runs:
  kind: deadline
  source: [S-01, S-02]
  from: ticket.reported
  kept_by: ticket.responded
  within: 1 h
waits:
  kind: deadline
  source: [S-02, S-03]
  from: ticket.resolved
  kept_by: report.delivered
  with: {report: fault}
  within: 12 h
  awaits: report.delivered
open:
  kind: deadline
  source: [S-01, S-04]
  from: visit.received
  kept_by: visit.arrived
  within: unset
partly:
  kind: deadline
  source: S-05
  from: visit.received
  kept_by: visit.arrived
  within: {by: severity, major: 1 h, minor: unset}
priced:
  kind: deadline
  source: S-06
  from: ticket.reported
  kept_by: ticket.responded
  within: {unset: true, provisional: 2 h}
  points: unset
"""


def test_rows_are_counted_from_the_plan_and_the_vocabulary():
    coverage = coverage_of(parse_text(plan_text(PLAN)).plan, VOCABULARY)
    assert (coverage.promises, coverage.stated, coverage.executable, coverage.unset) == (9, 6, 3, 4)
    rows = {row.row: row for row in coverage.rows}
    assert rows["S-01"].executable
    assert rows["S-01"].unset == ("open.within",)
    assert (rows["S-02"].executable, rows["S-02"].missing) == (False, ("report.delivered",))
    assert (rows["S-04"].executable, rows["S-04"].missing) == (False, ())
    assert rows["S-05"].unset == ("partly.within.minor",)
    assert rows["S-06"].executable
    assert rows["S-06"].unset == ("priced.points", "priced.within")
    assert rows["S-07"].commitments == ()


def test_a_word_that_appears_makes_the_row_executable():
    plan = parse_text(plan_text(PLAN)).plan
    richer = release_vocabulary()
    richer.verbs["report.delivered"] = {"report": "code"}
    assert coverage_of(plan, richer).executable == 5


def test_a_word_that_disappears_is_missing_without_awaits():
    plan = parse_text(plan_text(PLAN)).plan
    poorer = release_vocabulary()
    del poorer.verbs["ticket.responded"]
    assert coverage_of(plan, poorer).missing == ("report.delivered", "ticket.responded")


def test_published_form_adds_up():
    coverage = coverage_of(parse_text(plan_text(PLAN)).plan, VOCABULARY)
    found = as_json([coverage, coverage])
    assert found["total"] == {
        "promises": 18,
        "stated": 12,
        "executable": 6,
        "unset": 8,
        "missing": ["report.delivered"],
    }
    assert found["plans"][0]["plan"] == "example"
    assert len(found["plans"][0]["rows"]) == 9


def test_check_files_prints_problems_and_coverage(tmp_path, capsys):
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(plan_text(PLAN), encoding="utf-8")
    bad.write_text(plan_text(PLAN.replace("ticket.resolved", "ticket.resolvd")), encoding="utf-8")
    assert main([str(good), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["total"]["executable"] == 3
    assert main([str(good), "--rows", "--explain"]) == 0
    assert "S-02: not executable" in capsys.readouterr().out
    assert main([str(bad)]) == 1
    assert "Did you mean “ticket.resolved”?" in capsys.readouterr().out
