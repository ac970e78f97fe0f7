"""What other modules say below the reach of translations is listed, so that it is translated."""

import ast
from pathlib import Path

import pytest

import shouyue
from shouyue.insights.choices import FINDINGS, PURPOSES
from shouyue.kernel import jobs

SOURCES = ("runtime/checks.py", "calendars/checks.py")


@pytest.mark.parametrize("source", SOURCES)
def test_every_finding_of_the_checks_is_listed(source):
    tree = ast.parse((Path(shouyue.__file__).parent / source).read_text("utf-8"))
    said = [
        call.args[0].value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id in {"ok", "warning", "error", "judge"}
        and isinstance(call.args[0], ast.Constant)
    ]
    assert said
    assert set(said) <= set(FINDINGS)


def test_every_purpose_of_a_scheduled_task_is_listed():
    assert {one.purpose for one in jobs.schedules() if one.purpose} <= set(PURPOSES)
