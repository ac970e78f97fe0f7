"""`shouyue plan …` and `shouyue vocabulary` on files, without a database."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from shouyue.cli import main
from shouyue.cli.plans import CHECKOUT

PLAN = """
plan: tiny
prefix: S
promises: 1
title: {zh: 小, en: Tiny}
commitments:
  respond:
    kind: deadline
    title: {zh: 响应, en: Response}
    text: {zh: 及时答复。, en: A timely answer.}
    source: S-01
    from: ticket.reported
    kept_by: ticket.responded
    within: 10 min
"""


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(PLAN, encoding="utf-8")
    return path


def test_check_finds_the_nearest_word(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["plan", "check", str(plan)]) == 0
    plan.write_text(PLAN.replace("ticket.responded", "ticket.respondd"), encoding="utf-8")
    assert main.main(["plan", "check", str(plan), "--language", "en"]) == 1
    shown = capsys.readouterr().out
    assert f"{plan}:13:14: error: commitments.respond.kept_by" in shown
    assert "“ticket.responded”" in shown


def test_explain_says_the_number(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["plan", "explain", str(plan), "respond", "--language", "zh"]) == 0
    assert "10分钟" in capsys.readouterr().out.replace(" ", "")
    assert main.main(["plan", "explain", str(plan), "nonsense"]) == 1


def test_diff_shows_old_and_new(plan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    newer = tmp_path / "newer.yaml"
    newer.write_text(PLAN.replace("10 min", "5 min"), encoding="utf-8")
    assert main.main(["plan", "diff", str(plan), str(plan)]) == 0
    assert main.main(["plan", "diff", str(plan), str(newer), "--language", "en"]) == 1
    shown = capsys.readouterr().out
    assert "~ commitment respond: within" in shown
    assert "10 minutes" in shown
    assert "5 minutes" in shown


def test_coverage_of_all_plans_counts_267_promises(capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(path) for path in sorted(CHECKOUT.glob("*.yaml"))]
    assert main.main(["plan", "coverage", "--json", *files]) == 0
    counted = json.loads(capsys.readouterr().out)
    assert (counted["total"]["promises"], counted["total"]["stated"]) == (267, 267)
    assert sum(plan["executable"] for plan in counted["plans"]) == counted["total"]["executable"]


def test_vocabulary_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["vocabulary", "--json"]) == 0
    words = json.loads(capsys.readouterr().out)
    assert words["verbs"]["contract.stage_entered"] == {"ends_on": "day", "stage": "code", "starts_on": "day"}
    assert words["scales"]["zone"] == ["urban", "outer"]
    assert words["titles"]["project_manager"]["en"] == "Project manager"


def test_checking_needs_no_database(plan: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    answer = subprocess.run(
        [sys.executable, "-m", "shouyue.cli", "plan", "check", str(plan)],
        capture_output=True,
        text=True,
        check=False,
        env={"SHOUYUE_HOME": str(home), "PATH": "/usr/bin:/bin"},
    )
    assert answer.returncode == 0, answer.stderr
    assert not list(home.glob("pgdata*"))
