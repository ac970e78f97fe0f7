"""No row the coverage calls executable is without a scenario that keeps it and one that breaks it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from shouyue.contracts.plan_language.coverage import RowState, coverage_of
from shouyue.contracts.plan_language.parse import parse_text
from shouyue.contracts.vocabulary import current

from .story import PLANS

HERE = Path(__file__).resolve().parent
REFERENCE = ("gov-build", "sw-warranty", "platform-equip", "desktop", "field-video")
MODULES_TO_COME = frozenset(
    {
        "archive",
        "asset",
        "asset_class",
        "attendance",
        "call",
        "catalogue",
        "change",
        "complaint",
        "cost",
        "crew",
        "data",
        "document",
        "emergency",
        "event",
        "inspection",
        "instruction",
        "intake",
        "knowledge",
        "monitoring",
        "quality",
        "release",
        "remote",
        "repair",
        "report",
        "spares",
        "survey",
        "training",
    }
)
"""Modules that do not exist; the only reason for which a row may wait."""


def rows() -> list[RowState]:
    found = []
    for name in REFERENCE:
        plan = parse_text((PLANS / f"{name}.yaml").read_text(encoding="utf-8")).plan
        assert plan is not None
        found.extend(coverage_of(plan, current()).rows)
    return found


def scenarios() -> dict[str, set[str]]:
    """Row (`B0-02`) → the outcomes that collected tests name after it: kept, broken."""
    listed = subprocess.run(
        [sys.executable, "-m", "pytest", str(HERE), "--collect-only", "-q", "-p", "no:cacheprovider"],
        capture_output=True,
        text=True,
        check=False,
        cwd=HERE.parent.parent,
    ).stdout
    found: dict[str, set[str]] = {}
    for line in listed.splitlines():
        name = line.rpartition("::")[2].partition(".py")[0]
        told = {word for word in ("kept", "broken") if word in re.split(r"[_\W]+", name)}
        for plan, number in re.findall(r"b(\d)_(\d\d)", name):
            found.setdefault(f"B{plan}-{number}", set()).update(told)
    return found


def test_every_executable_row_is_kept_and_broken_once():
    known = scenarios()
    lacking = {
        row.row: sorted({"kept", "broken"} - known.get(row.row, set()))
        for row in rows()
        if row.executable and known.get(row.row, set()) < {"kept", "broken"}
    }
    assert not lacking, "\n".join(f"{row} is never {words}" for row, words in lacking.items())


def test_a_row_waits_only_for_a_module_that_does_not_exist_and_names_the_word():
    for row in rows():
        assert row.commitments, f"{row.row} is not stated"
        if row.executable:
            continue
        assert row.lacks, f"{row.row} names no missing word: {row.unset}"
        assert {word.partition(".")[0] for _sort, word in row.lacks} <= MODULES_TO_COME | {"ticket"}, row


def test_no_module_still_to_come_exists():
    import shouyue

    modules = {path.name for path in Path(shouyue.__file__).parent.iterdir() if path.is_dir()}
    assert not {name for word in MODULES_TO_COME for name in (word, f"{word}s") if name in modules}
