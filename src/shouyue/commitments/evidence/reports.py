"""The report of a pack: a workbook for reckoning, a PDF for reading."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import typst
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from shouyue.commitments.choices import State
from shouyue.web.wording import noted

COUNTED = ("kept", "late", "missed", "waived", "running", "paused", "refused")
LISTED = (
    "commitment",
    "obligation",
    "subject",
    "case",
    "occurrence",
    "state",
    "started",
    "due",
    "kept",
    "missed",
    "settled",
)
"""What is told of each obligation; the rows of a pack go on with what recounts it."""
_COLUMNS = "DEFGHIJ"
"""Where the figures stand in the first sheet."""
_TEMPLATE = Path(__file__).with_name("report.typ")


def fonts() -> str:
    """The folder of the fonts the PDF is set in. Raises: ModuleNotFoundError."""
    import manimgx_fonts_cjk

    return str(Path(manimgx_fonts_cjk.__file__).parent)


def write_workbook(
    path: Path, register: Mapping[str, Any], rows: Iterable[Sequence[Any]], language: str
) -> None:
    """Three sheets: promises with figures and a formula that recounts them, one row per obligation, corrections."""
    book = Workbook(write_only=True)
    summary = book.create_sheet(_("Promises"))
    listed = book.create_sheet(_("Obligations"))
    corrections = book.create_sheet(_("Corrections"))
    names = [str(State(state).label) for state in COUNTED]
    head = [_("Promise"), _("Row"), _("Name"), *names, _("Share kept"), _("Recount")]
    summary.append(_bold(summary, head))
    title = "title_zh" if language.startswith("zh") else "title_en"
    for number, one in enumerate(register["commitments"], 2):
        cells = _text(summary, [one[title], " ".join(one["source"]), one["name"]])
        counts = [one["figures"][state] for state in COUNTED]
        recounted = [
            f"COUNTIFS('{_('Obligations')}'!$A:$A,$C{number},'{_('Obligations')}'!$F:$F,\"{state}\")"
            for state in COUNTED
        ]
        summary.append([*cells, *counts, _share(summary, *counts[:3]), _agrees(recounted, number)])
    last = len(register["commitments"]) + 1
    sums = [f"SUM({column}2:{column}{last})" for column in _COLUMNS]
    totals = [register["totals"][state] for state in COUNTED]
    summary.append([*_bold(summary, [_("Sum"), "", ""]), *totals, "", _agrees(sums, last + 1)])
    listed.append(_bold(listed, LISTED))
    for row in rows:
        listed.append(_text(listed, row[: len(LISTED)]))
    corrections.append(
        _bold(corrections, [_("Promise"), _("Obligation"), _("Before"), _("After"), _("Who"), _("At")])
    )
    for one in (register["closing"] or {}).get("adjustments", ()):
        corrections.append(
            _text(
                corrections,
                [one["commitment"], one["obligation"], one["before"], one["after"], one["who"], one["at"]],
            )
        )
    book.save(path)


def _share(sheet: Any, kept: int, late: int, missed: int) -> Any:
    due = kept + late + missed
    cell = WriteOnlyCell(sheet, value=kept / due if due else _("no data"))
    cell.number_format = "0.0%"
    return cell


def _agrees(recounted: Iterable[str], row: int) -> str:
    """A formula that counts the figures of a line again; the figures themselves show in every viewer."""
    same = ",".join(f"{again}={column}{row}" for column, again in zip(_COLUMNS, recounted, strict=True))
    return f'=IF(AND({same}),"{_("agrees")}","{_("differs")}")'


def _text(sheet: Any, values: Iterable[Any]) -> list[Any]:
    """Cells that stay text, whatever a spreadsheet might take them for."""
    cells = []
    for value in values:
        cell = WriteOnlyCell(
            sheet, value=value if isinstance(value, int) else str(value if value is not None else "")
        )
        if not isinstance(value, int):
            cell.data_type = "s"
        cells.append(cell)
    return cells


def _bold(sheet: Any, values: Iterable[Any]) -> list[Any]:
    cells = _text(sheet, values)
    for cell in cells:
        cell.font = Font(bold=True)
    return cells


def _said(state: str) -> str:
    return str(State(state).label) if state else "—"


def _figures(figures: Mapping[str, int]) -> list[str]:
    """The counts of a promise; where nothing fell due the words, so that no reader takes it for kept."""
    if not any(figures[state] for state in COUNTED[:5]):
        return [_("no data"), *[""] * 4]
    return [str(figures[state]) for state in COUNTED[:5]]


def _score(scores: Mapping[str, Any]) -> str:
    said = f"{scores['total']} / {scores['base']}"
    return said if scores["has_data"] else noted(said, _("no data"))


def write_pdf(path: Path, register: Mapping[str, Any], language: str) -> None:
    """A4: head, totals, one line per promise, corrections. Raises: RuntimeError when it cannot be set."""
    chinese = language.startswith("zh")
    title = "title_zh" if chinese else "title_en"
    closing = register["closing"] or {}
    scores = register.get("scores")
    data = {
        "lang": "zh" if chinese else "en",
        "title": _("Compliance report"),
        "contract": f"{register['contract']} {register['contract_name']}",
        "facts": [
            [_("Customer"), register["customer_name"]],
            [_("Period"), noted(register["period"], f"{register['since'][:10]} – {register['until'][:10]}")],
            [_("Service plan"), register["plan"]],
            [_("Made at"), register["made_at"]],
            [
                _("Figures"),
                _("frozen %(digest)s") % {"digest": closing["digest"]} if closing else _("not frozen yet"),
            ],
            *([[_("Score"), _score(scores)]] if scores else []),
        ],
        "head": [_("Row"), _("Promise"), *(str(State(state).label) for state in COUNTED[:5])],
        "rows": [
            [" ".join(one["source"]), one[title], *_figures(one["figures"])]
            for one in register["commitments"]
        ],
        "total": [_("Sum"), "", *(str(register["totals"][state]) for state in COUNTED[:5])],
        "corrections_title": _("Corrections since the period was closed"),
        "corrections": [
            [one["commitment"], f"{_said(one['before'])} → {_said(one['after'])}", one["who"], one["at"][:19]]
            for one in closing.get("adjustments", ())
        ],
        "note": _("Every number is counted from obligations.csv; verify.py checks it."),
    }
    path.write_bytes(
        typst.compile(
            str(_TEMPLATE),
            format="pdf",
            font_paths=[fonts()],
            ignore_system_fonts=True,
            sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        )
    )
