"""`shouyue calendar …` within a test's own transaction."""

from __future__ import annotations

from datetime import date

import pytest

from shouyue.calendars import queries, services
from shouyue.cli.main import main
from shouyue.kernel.actor import SYSTEM

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _table() -> None:
    services.refresh_statutory(actor=SYSTEM)


def test_list_tells_how_far_tables_reach(capsys):
    assert main(["calendar", "list", "--compare"]) == 0
    out = capsys.readouterr().out
    assert "CN           until 2026-12-31" in out
    assert "2026: both packages agree on every day" in out


def test_refresh_is_repeatable(capsys):
    assert main(["calendar", "refresh"]) == 0
    assert "0 days added, 0 changed, 0 removed" in capsys.readouterr().out


def test_import_tells_every_bad_line_and_enters_nothing(tmp_path, capsys):
    file = tmp_path / "2027.csv"
    file.write_text("2027-01-01,休,元旦\n2027-02-30,休\n", "utf-8")
    assert main(["calendar", "import", "CN", str(file)]) == 1
    assert "line 2:" in capsys.readouterr().err
    assert date(2027, 1, 1) not in queries.holiday_table("CN").days
    assert main(["calendar", "import", "CN", str(file), "--good-only"]) == 1
    assert date(2027, 1, 1) in queries.holiday_table("CN").days
    assert main(["calendar", "import", "XX", str(file), "--good-only"]) == 1
    assert main(["calendar", "import", "CN", str(tmp_path / "none")]) == 1


@pytest.mark.parametrize(("more", "first"), [([], "date,kind,name,hours"), (["--ics"], "BEGIN:VCALENDAR")])
def test_export(capsys, more, first):
    assert main(["calendar", "export", "CN", "--year", "2026", *more]) == 0
    assert capsys.readouterr().out.startswith(first)
